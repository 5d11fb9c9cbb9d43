"""Reads the values of an XLSX workbook's first sheet, and nothing else of it.

A workbook is a zip of XML, and whoever sends one decides what is in it. So: the sizes that it
unpacks to are looked at before anything is unpacked, a document type is refused, formulas are
not evaluated (their last value counts), links and styles are never opened, and the sheet is
read as a stream. Source: ECMA-376 part 1, 18.2 to 18.4.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from xml.parsers import expat

from apps.catalog.exceptions import FileError
from apps.catalog.services.importing.merged import filled
from apps.catalog.services.importing.sheets import MOST_COLUMNS, Sheet, SheetBuilder
from apps.catalog.services.importing.xlsx_parts import SheetReader, TextsReader, elements

_MOST_PARTS = 1_000
_LARGEST_SHEET = 96 * 1024 * 1024
_LARGEST_TEXTS = 24 * 1024 * 1024
_LARGEST_OTHER = 1024 * 1024
_CHUNK = 256 * 1024
_PR = "workbookPr"
_NO_WORKBOOK = "This is not an Excel workbook (.xlsx)."
_WRONG = (
    *(zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, OSError),
    *(NotImplementedError, RuntimeError, KeyError, ValueError, IndexError, StopIteration),
)
"""What the zip and XML readers raise about files that are cut, encrypted or made up."""


def read_xlsx(data: bytes, most_columns: int = MOST_COLUMNS) -> Sheet:
    """Return the values of the first sheet.

    Raises:
        FileError: it is no workbook, is damaged, or unpacks to too much.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive, most_columns)
    except _WRONG as error:
        raise FileError(f"{_NO_WORKBOOK} Save it anew, or as CSV.") from error


def _read(archive: zipfile.ZipFile, most_columns: int) -> Sheet:
    if len(archive.infolist()) > _MOST_PARTS:
        raise FileError("The workbook has too many parts.")
    workbook = _workbook_path(archive)
    related = _related(archive, workbook)
    first = next(_attributes(archive, workbook, "sheet"))
    texts = next((path for kind, path in related.values() if kind == "sharedStrings"), None)
    _kind, sheet = related[first["r:id"] if "r:id" in first else _id_of(first)]
    is_1904 = any(_is_true(one.get("date1904")) for one in _attributes(archive, workbook, _PR))
    reader = SheetReader(_texts(archive, texts), most_columns=most_columns)
    builder = SheetBuilder(most_columns)
    for chunk in _chunks(archive, sheet, _LARGEST_SHEET):
        for number, cells in reader.feed(chunk):
            builder.add(number, cells)
    read = builder.sheet()
    return Sheet(filled(read.rows, reader.merged, most_columns), is_1904=is_1904)


def _is_true(value: str | None) -> bool:
    return value in ("1", "true")


def _id_of(sheet: dict[str, str]) -> str:
    """Return the sheet's relation where its prefix is another than the usual one."""
    return next(value for name, value in sheet.items() if name.endswith(":id"))


def _workbook_path(archive: zipfile.ZipFile) -> str:
    found = _related(archive, "")
    return next(path for kind, path in found.values() if kind == "officeDocument")


def _related(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Return the kind and the path of each part that a part refers to, by the relation's id."""
    folder, name = posixpath.split(part)
    relations = _attributes(
        archive, posixpath.join(folder, "_rels", f"{name}.rels"), "Relationship"
    )
    return {
        one["Id"]: (one["Type"].rpartition("/")[2], _resolved(folder, one["Target"]))
        for one in relations
        if one.get("TargetMode") != "External"
    }


def _resolved(folder: str, target: str) -> str:
    if target.startswith("/"):
        return target.lstrip("/")
    return posixpath.normpath(posixpath.join(folder, target))


def _attributes(archive: zipfile.ZipFile, path: str, name: str) -> Iterator[dict[str, str]]:
    """Yield the attributes of the elements of a name, of a small part."""
    data = b"".join(_chunks(archive, path, _LARGEST_OTHER))
    yield from elements(data, name)


def _texts(archive: zipfile.ZipFile, path: str | None) -> list[str]:
    reader = TextsReader()
    for chunk in _chunks(archive, path, _LARGEST_TEXTS) if path else ():
        reader.feed(chunk)
    return reader.texts


def _chunks(archive: zipfile.ZipFile, path: str, largest: int) -> Iterator[bytes]:
    """Yield a part's bytes; the archive never gives more of them than it says there are."""
    part = archive.getinfo(path)
    if part.file_size > largest:
        raise FileError(f"The workbook unpacks to more than {largest // 2**20} MB.")
    with archive.open(part) as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk
