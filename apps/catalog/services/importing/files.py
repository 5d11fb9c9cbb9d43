"""Reads a file of either kind, known by how it begins: its name and type may lie."""

from __future__ import annotations

from apps.catalog.services.importing.sheets import MOST_COLUMNS, Sheet
from apps.catalog.services.importing.text import read_text
from apps.catalog.services.importing.xlsx import read_xlsx

LARGEST_FILE = 5 * 1024 * 1024
_ZIP = b"PK\x03\x04"


def read_sheet(data: bytes, *, most_columns: int = MOST_COLUMNS) -> Sheet:
    """Return the table of a CSV or XLSX file.

    Args:
        data: the file.
        most_columns: a table of dates may be a year wide; a wider one is refused.

    Raises:
        FileError: it cannot be read as one; the words say where and why.
    """
    if data.startswith(_ZIP):
        return read_xlsx(data, most_columns)
    return read_text(data, most_columns)
