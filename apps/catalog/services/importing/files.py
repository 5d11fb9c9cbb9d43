"""Reads a file of either kind, known by how it begins: its name and type may lie."""

from __future__ import annotations

from apps.catalog.services.importing.sheets import Sheet
from apps.catalog.services.importing.text import read_text
from apps.catalog.services.importing.xlsx import read_xlsx

LARGEST_FILE = 5 * 1024 * 1024
_ZIP = b"PK\x03\x04"


def read_sheet(data: bytes) -> Sheet:
    """Return the table of a CSV or XLSX file.

    Raises:
        FileError: it cannot be read as one; the words say where and why.
    """
    return read_xlsx(data) if data.startswith(_ZIP) else read_text(data)
