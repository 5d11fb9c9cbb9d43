"""A table as it stood in a file: rows of text, each with the number that a spreadsheet shows.

What is read is bounded before it is kept: rows, columns, the length of a cell, and the text
altogether, since a small XLSX can name one long text a million times.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.catalog.exceptions import FileError

MOST_ROWS = 20_000
MOST_COLUMNS = 64
LONGEST_CELL = 4_000
LONGEST_RAW = 4 * LONGEST_CELL
"""As it stands in the file, with white space that does not count and characters written in code."""
MOST_TEXT = 32_000_000
_HEAD_ROWS = 100
"""Rows above the table: a title, a licence, notes."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not empty; ``number`` counts from 1, empty rows included."""

    number: int
    cells: Sequence[str]

    def cell(self, at: int | None) -> str:
        """Return the text of a column; a row may end early, and a column may not be there."""
        return self.cells[at] if at is not None and at < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file's table, in the order of the file.

    ``is_1904``: its dates are days since 1904, as workbooks of an old Mac count them.
    """

    rows: Sequence[Row]
    is_1904: bool = False

    def packed(self) -> bytes:
        """Return the sheet in few bytes."""
        rows = [[row.number, *row.cells] for row in self.rows]
        held = {"is_1904": True, "rows": rows} if self.is_1904 else rows
        return zlib.compress(json.dumps(held, ensure_ascii=False).encode(), level=1)

    @classmethod
    def unpacked(cls, packed: bytes) -> Sheet:
        """Return the sheet that ``packed`` made the bytes of."""
        held = json.loads(zlib.decompress(packed))
        is_1904 = isinstance(held, dict)
        rows = held["rows"] if is_1904 else held
        return cls([Row(number, cells) for number, *cells in rows], is_1904=is_1904)


class SheetBuilder:
    """Gathers rows; refuses what is more than a table can be."""

    def __init__(self, most_columns: int = MOST_COLUMNS) -> None:
        """Begin without rows; one of more columns than ``most_columns`` is refused."""
        self._most_columns = most_columns
        self._rows: list[Row] = []
        self._text = 0

    def add(self, number: int, cells: Iterable[str]) -> None:
        """Keep a row; white space counts once, empty cells at the end and empty rows not at all.

        Raises:
            FileError: the row, or all of them together, are too much.
        """
        found = [" ".join(_bounded(cell, number, at).split()) for at, cell in enumerate(cells)]
        while found and not found[-1]:
            found.pop()
        if not found:
            return
        self._text += self._measured(number, found)
        if len(self._rows) >= MOST_ROWS + _HEAD_ROWS:
            raise FileError(f"The file has more than {MOST_ROWS:,} rows. Divide it.")
        if self._text > MOST_TEXT:
            raise FileError("The file holds too much text for a table.")
        self._rows.append(Row(number, found))

    def _measured(self, number: int, cells: Sequence[str]) -> int:
        """Return how much text a row has."""
        if len(cells) > self._most_columns:
            raise FileError(f"Row {number} has more than {self._most_columns} columns.")
        lengths = [len(cell) for cell in cells]
        longest = max(lengths)
        if longest > LONGEST_CELL:
            raise _too_long(number, lengths.index(longest))
        return sum(lengths)

    def sheet(self) -> Sheet:
        """Return what was gathered.

        Raises:
            FileError: there is nothing.
        """
        if not self._rows:
            raise FileError("The file is empty.")
        return Sheet(self._rows)


def _bounded(cell: str, number: int, at: int) -> str:
    """Return a cell's text; one that is far too long is not even looked through."""
    if len(cell) > LONGEST_RAW:
        raise _too_long(number, at)
    return cell


def _too_long(number: int, at: int) -> FileError:
    column = column_letter(at)
    return FileError(f"Row {number}, column {column} holds more than {LONGEST_CELL:,} characters.")


def column_letter(at: int) -> str:
    """Return what a spreadsheet calls a column: 0 is A, 26 is AA."""
    letters = ""
    rest = at + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters
