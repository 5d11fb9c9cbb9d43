"""Reads CSV and its kin as spreadsheets write them: any of three separators, any encoding."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from apps.catalog.exceptions import FileError
from apps.catalog.services.importing.sheets import MOST_COLUMNS, Sheet, SheetBuilder

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SEPARATORS = ",;\t"
_LOOKED_AT = 30
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


def read_text(data: bytes, most_columns: int = MOST_COLUMNS) -> Sheet:
    """Return the table of a CSV file.

    Raises:
        FileError: it is none, or a line is not well formed.
    """
    if data.startswith(_OLD_EXCEL):
        raise FileError("This is a workbook of an old Excel (.xls). Save it as .xlsx or CSV.")
    text, separator = _without_hint(_decoded(data))
    builder = SheetBuilder(most_columns)
    for number, cells in _records(text, separator or _separator(text)):
        builder.add(number, cells)
    return builder.sheet()


def _decoded(data: bytes) -> str:
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _as_marked(data, codec)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _western(data)


def _as_marked(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise FileError(f"The file says it is {codec}, and is not.") from error


def _western(data: bytes) -> str:
    """Return what Excel writes as plain CSV: Windows' Latin-1, with its quotes and dashes."""
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _without_hint(text: str) -> tuple[str, str]:
    """Return the text without Excel's first line ``sep=;``, and the separator it names.

    The line stays as an empty one, so that rows keep their numbers.
    """
    first, _, rest = text.partition("\n")
    hint = first.strip().lower()
    if hint.startswith("sep=") and len(hint) == len("sep=;"):
        return "\n" + rest, hint[-1]
    return text, ""


def _separator(text: str) -> str:
    """Return the separator that most of the first lines have; commas stand in texts too."""
    lines = [line for line in text[:100_000].splitlines() if line.strip()][:_LOOKED_AT]

    def weight(separator: str) -> tuple[int, int]:
        counts = [line.count(separator) for line in lines]
        return sum(map(bool, counts)), sum(counts)

    return max(_SEPARATORS, key=weight)


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    # newline="" leaves line ends within quotes to the reader.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        yield from enumerate(reader, start=1)
    except csv.Error as error:
        raise FileError(f"Line {reader.line_num} is not well formed: {error}.") from error
