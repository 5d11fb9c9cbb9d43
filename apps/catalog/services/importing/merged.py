"""Merged cells: a week of nuclear medicine that is drawn as one long cell is a turn on each day.

A workbook keeps the text of a merged range in its first cell alone. It is given to the others,
but for a title: a range over several columns in a row that says nothing else.
Source: ECMA-376 part 1, 18.3.1.54.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from apps.catalog.exceptions import FileError
from apps.catalog.services.importing.sheets import MOST_TEXT, Row

MOST_MERGED = 20_000
_MOST_CELLS = 1_000_000
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")
_TOO_MANY = "The workbook merges too many cells for a table."


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged range: rows by their number, columns from 0, both ends included."""

    first_row: int
    last_row: int
    first: int
    last: int


def merged_range(reference: str) -> Merged | None:
    """Return the range that a reference such as ``B2:E2`` names, None if it is none."""
    found = _REFERENCE.fullmatch(reference.replace("$", "").strip())
    if found is None:
        return None
    return Merged(int(found[2]), int(found[4]), column_at(found[1]), column_at(found[3]))


def column_at(letters: str) -> int:
    """Return the place of a column: A is 0."""
    at = 0
    for letter in letters:
        at = at * 26 + ord(letter) - ord("A") + 1
    return at - 1


def filled(rows: Sequence[Row], ranges: Iterable[Merged], most_columns: int) -> list[Row]:
    """Return the rows with the text of each range in all of its cells.

    Rows that are empty but for it are not made: a table has none.

    Raises:
        FileError: the ranges are more than a table's.
    """
    numbers = [row.number for row in rows]
    cells = [list(row.cells) for row in rows]
    visited = text_put = 0
    for merged in ranges:
        for at, text, first, last in _taking(merged, numbers, cells, most_columns):
            visited += last - first + 1
            text_put += len(text) * (last - first + 1)
            if visited > _MOST_CELLS or text_put > MOST_TEXT:
                raise FileError(_TOO_MANY)
            _put(cells[at], text, first, last)
    return [Row(number, found) for number, found in zip(numbers, cells, strict=True)]


def _taking(
    merged: Merged, numbers: Sequence[int], cells: Sequence[Sequence[str]], most_columns: int
) -> Iterator[tuple[int, str, int, int]]:
    """Yield the rows of a range, by place, with the text and the columns it goes to."""
    begin = bisect_left(numbers, merged.first_row)
    end = bisect_right(numbers, merged.last_row)
    if begin == end or numbers[begin] != merged.first_row:
        return
    anchor, last = cells[begin], min(merged.last, most_columns - 1)
    text = anchor[merged.first] if merged.first < len(anchor) else ""
    if not text or (last > merged.first and _is_title(anchor, merged)):
        return
    for at in range(begin, end):
        yield at, text, merged.first, last


def _is_title(row: Sequence[str], merged: Merged) -> bool:
    return not any(row[: merged.first]) and not any(row[merged.last + 1 :])


def _put(row: list[str], text: str, first: int, last: int) -> None:
    row += [""] * (last + 1 - len(row))
    for at in range(first, last + 1):
        row[at] = row[at] or text
