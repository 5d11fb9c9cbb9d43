"""Streams over the parts of a workbook: its shared texts, and the rows of a sheet.

Element names are taken without their prefix, since writers choose it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from xml.parsers import expat

from apps.catalog.exceptions import FileError
from apps.catalog.services.importing.merged import (
    MOST_MERGED,
    Merged,
    column_at,
    merged_range,
)
from apps.catalog.services.importing.sheets import LONGEST_CELL, LONGEST_RAW

NO_VALUE = "#FORMULA!"
"""Stands for a formula that was never evaluated, as ``#REF!`` for one that failed."""
_CODED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_UNKEPT = re.compile("[\\x00\\ud800-\\udfff]")
_LETTERS = re.compile(r"[A-Z]{1,3}")
_LARGEST_WHOLE = 1e15


class _Stream(ABC):
    """An XML reader that knows no document types, so nothing can be declared to grow.

    Text is kept only while ``_takes``, and only so much as ``_length`` since it was last set back
    allows: what a cell or a shared text can hold.
    """

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._take
        self._buffer: list[str] = []
        self._takes = False
        self._length = 0

    def _refuse(self, *_declared: object) -> None:
        raise FileError("The workbook declares a document type, which no spreadsheet does.")

    @abstractmethod
    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""

    @abstractmethod
    def _end(self, name: str) -> None:
        """Take the end of an element."""

    def _take(self, text: str) -> None:
        if not self._takes:
            return
        self._length += len(text)
        if self._length > LONGEST_RAW:
            raise FileError(f"A cell of the workbook holds more than {LONGEST_CELL:,} characters.")
        self._buffer.append(text)

    def _taken(self) -> str:
        text = "".join(self._buffer)
        self._buffer.clear()
        return text


class _Elements(_Stream):
    def __init__(self, wanted: str) -> None:
        super().__init__()
        self._wanted = wanted
        self.found: list[dict[str, str]] = []

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if _local(name) == self._wanted:
            self.found.append(attributes)

    def _end(self, name: str) -> None:
        """Take nothing: what is wanted stands in attributes."""

    def read(self, data: bytes) -> None:
        self._parser.Parse(data, True)  # noqa: FBT003 -- expat takes it by place


def elements(data: bytes, name: str) -> Sequence[dict[str, str]]:
    """Return the attributes of the elements of a name, in order."""
    reader = _Elements(name)
    reader.read(data)
    return reader.found


class TextsReader(_Stream):
    """Reads the texts that cells refer to by number; ``texts`` holds those that were fed."""

    def __init__(self) -> None:
        """Begin without texts."""
        super().__init__()
        self.texts: list[str] = []
        self._runs: list[str] = []
        self._is_phonetic = False

    def feed(self, chunk: bytes) -> None:
        """Read on."""
        self._parser.Parse(chunk, False)  # noqa: FBT003 -- expat takes it by place

    def _begin(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 -- unused
        local = _local(name)
        self._buffer.clear()
        self._takes = local == "t" and not self._is_phonetic
        if local == "si":
            self._runs.clear()
            self._length = 0
        elif local == "rPh":
            self._is_phonetic = True

    def _end(self, name: str) -> None:
        local = _local(name)
        if local == "t" and not self._is_phonetic:
            self._runs.append(self._taken())
        elif local == "rPh":
            self._is_phonetic = False
        elif local == "si":
            self.texts.append(_uncoded("".join(self._runs)))
        self._takes = False
        self._buffer.clear()


class SheetReader(_Stream):
    """Reads the rows of a sheet as text; ``feed`` gives those that a chunk ends."""

    def __init__(self, texts: Sequence[str], *, most_columns: int) -> None:
        """Begin before the first row.

        Args:
            texts: what cells of type ``s`` refer to.
            most_columns: a value further right refuses the file.
        """
        super().__init__()
        self.merged: list[Merged] = []
        self._texts = texts
        self._most_columns = most_columns
        self._done: list[tuple[int, list[str]]] = []
        self._number = 0
        self._cells: list[str] = []
        self._at = -1
        self._type = ""
        self._pieces: list[str] = []
        self._has_formula = False

    def feed(self, chunk: bytes) -> Iterator[tuple[int, list[str]]]:
        """Yield the number and the cells of each row that ended."""
        self._parser.Parse(chunk, False)  # noqa: FBT003 -- expat takes it by place
        yield from self._done
        self._done.clear()

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        self._buffer.clear()
        self._takes = local in ("v", "t")
        if local == "c":
            self._begin_cell(attributes)
        elif local == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._cells, self._at = [], -1
        elif local == "f":
            self._has_formula = True
        elif local == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def _merge(self, reference: str) -> None:
        """Keep a merged range; they stand behind the rows."""
        found = merged_range(reference)
        if found is None:
            return
        if len(self.merged) >= MOST_MERGED:
            raise FileError("The workbook merges too many cells for a table.")
        self.merged.append(found)

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        place = _LETTERS.match(attributes.get("r", ""))
        self._at = column_at(place.group()) if place else self._at + 1
        self._type = attributes.get("t", "n")
        self._pieces, self._length, self._has_formula = [], 0, False

    def _end(self, name: str) -> None:
        local = _local(name)
        if local in ("v", "t"):
            # Rich text comes in several pieces; a value in one.
            self._pieces.append(self._taken())
        elif local == "c":
            self._end_cell()
        elif local == "row":
            self._done.append((self._number, self._cells))
        self._takes = False
        self._buffer.clear()

    def _end_cell(self) -> None:
        text = self._text()
        if not text:
            return
        if self._at >= self._most_columns:
            raise FileError(f"Row {self._number} has more than {self._most_columns} columns.")
        self._cells += [""] * (self._at + 1 - len(self._cells))
        self._cells[self._at] = text

    def _text(self) -> str:
        value = "".join(self._pieces)
        # Libraries that write workbooks leave the value of a formula out, or empty.
        if not value.strip():
            is_empty_text = self._type == "str" and bool(self._pieces)
            return NO_VALUE if self._has_formula and not is_empty_text else ""
        if self._type == "s":
            return self._texts[int(value)]
        if self._type == "b":
            return "yes" if value.strip() == "1" else "no"
        return _number(value) if self._type == "n" else _uncoded(value)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _number(text: str) -> str:
    """Return a number as a person would write it: 70450, not 70450.0; 0.3, not 0.299999…"""
    number = float(text)
    if number.is_integer() and abs(number) < _LARGEST_WHOLE:
        return str(int(number))
    return f"{number:.15g}"  # what a spreadsheet shows of the binary number


def _uncoded(text: str) -> str:
    r"""Return a text with the characters that XML cannot hold, which are written ``_x000D_``.

    NUL and halves of a pair of surrogates are left out: no database keeps them.
    """
    return _UNKEPT.sub("", _CODED.sub(lambda coded: chr(int(coded.group(1), 16)), text))
