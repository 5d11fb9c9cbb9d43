"""Writes the procedure table as a file that the import reads back without a difference."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from decimal import Decimal

from openpyxl import Workbook  # type: ignore[import-untyped] # ships without types

from apps.catalog.services.importing.columns import HEADINGS
from apps.catalog.services.importing.formulas import defused
from apps.catalog.services.importing.known import Known, ProcedureValues, read_known
from apps.catalog.services.importing.localcodes import cell_of

Cell = str | int | Decimal


def procedures_as_csv() -> bytes:
    """Return all procedures as CSV; the mark in front tells Excel that it is UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(_table())
    return text.getvalue().encode("utf-8-sig")


def procedures_as_xlsx() -> bytes:
    """Return all procedures as a workbook."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Procedures")
    for row in _table():
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _table() -> Iterator[Sequence[Cell]]:
    known = read_known()
    yield list(HEADINGS.values())
    for procedure in sorted(known.procedures.values(), key=lambda row: str(row["code"])):
        yield [_cell(name, procedure, known) for name in HEADINGS]


def _cell(name: str, procedure: ProcedureValues, known: Known) -> Cell:
    if name == "aliases":
        return defused(cell_of(alias.code for alias in known.aliases_of.get(procedure["id"], ())))
    value: object = procedure[name]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return value
    return defused(", ".join(value) if isinstance(value, list) else str(value))
