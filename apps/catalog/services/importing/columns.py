"""Finds the columns of a procedure file by their headings, however these are written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.catalog.exceptions import FileError
from apps.catalog.services.importing.sheets import MOST_ROWS, Row, Sheet, column_letter

_LOOKED_AT = 20

HEADINGS: Mapping[str, str] = {
    "code": "code",
    "description": "description",
    "modality": "modality",
    "body_part": "body part",
    "subspecialty": "subspecialty",
    "rvu": "rvu",
    "turnaround_minutes": "turnaround",
    "default_urgency": "default urgency",
    "required_credentials": "required credentials",
    "required_subspecialty": "required subspecialty",
    "is_sensitive": "sensitive",
    "aliases": "aliases",
}
"""The heading of each field as exports write it, in their order."""

_ALSO: Mapping[str, str] = {
    "code": "procedurecode examcode servicecode ordercode proccode orderablecode itemcode",
    "description": "procedurename procedure examname exam examdescription proceduredescription "
    "name text servicename orderable",
    "modality": "modalitycode dicommodality mod",
    "body_part": "bodypartexamined bodyregion region anatomy",
    "subspecialty": "specialty section subspeciality",
    "rvu": "rvus wrvu workrvu weight workload workloadweight rvuweight",
    "turnaround_minutes": "turnaroundminutes turnaroundmin tat minutes turnaroundtime",
    "default_urgency": "urgency priority defaultpriority",
    "required_credentials": "credentials requiredcredential credential",
    "required_subspecialty": "requiredspecialty",
    "is_sensitive": "issensitive sensitiveflag confidential",
    "aliases": "alias localcodes localcode othercodes synonyms",
}


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", heading.lower())


_FIELDS = {
    **{word: field for field, words in _ALSO.items() for word in words.split()},
    **{_plain(heading): field for field, heading in HEADINGS.items()},
    **{_plain(field): field for field in HEADINGS},
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a file keeps what: the place of each field, and the file's own headings."""

    places: Mapping[str, int]
    headings: Mapping[str, str]
    unused: Sequence[str]
    rows: Sequence[Row]


def find_columns(sheet: Sheet) -> Columns:
    """Return the columns of the first row that has headings, and the rows below it.

    Raises:
        FileError: no row is one, a column is there twice, or there are too many rows.
    """
    for at, row in enumerate(sheet.rows[:_LOOKED_AT]):
        fields = [_FIELDS.get(_plain(cell)) for cell in row.cells]
        if "code" in fields and len(set(fields) - {None}) > 1:
            return _columns(row, fields, sheet.rows[at + 1 :])
    raise FileError(
        "No row has headings. The file needs a column “code” and at least one other, such as "
        f"{', '.join(f'“{heading}”' for heading in list(HEADINGS.values())[1:5])}."
    )


def _columns(header: Row, fields: Sequence[str | None], rows: Sequence[Row]) -> Columns:
    places: dict[str, int] = {}
    unused: list[str] = []
    for at, field in enumerate(fields):
        if field is None:
            unused += [header.cell(at)] if header.cell(at) else []
        elif field in places:
            raise FileError(_twice(header, HEADINGS[field], places[field], at))
        else:
            places[field] = at
    if len(rows) > MOST_ROWS:
        raise FileError(f"The file has more than {MOST_ROWS:,} rows. Divide it.")
    headings = {field: header.cell(at) for field, at in places.items()}
    return Columns(places, headings, unused, rows)


def _twice(header: Row, name: str, first: int, second: int) -> str:
    return (
        f"Row {header.number}: the columns {column_letter(first)} “{header.cell(first)}” and "
        f"{column_letter(second)} “{header.cell(second)}” are both the {name}. Take one away."
    )
