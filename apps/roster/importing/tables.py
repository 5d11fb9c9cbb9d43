"""Reads a table into entries, as its layout says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from apps.catalog.services.importing.sheets import Row, Sheet, column_letter
from apps.core.validators import FIRST_YEAR, LAST_YEAR
from apps.roster.exceptions import RosterImportError
from apps.roster.importing.dates import (
    moments,
    read_date,
    read_hours,
    read_moment,
)
from apps.roster.importing.entries import MOST_ENTRIES, Entry, Problem, Reading
from apps.roster.importing.layouts import Column, Layout, Shape, repeated

_LONGEST_STAY = timedelta(days=400)
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_NOTHING = frozenset({"", "-", "\u2013", "\u2014", ".", "/"})
_CANCELLED = frozenset({"cancelled", "canceled", "deleted", "void"})
_BETWEEN = re.compile(r"\s*[;+&|\n]\s*|\s+/\s+|\s+and\s+")


@dataclass(frozen=True)
class Manner:
    """How texts of a table are taken.

    ``near`` is today, for dates without a year; ``zone`` is the clock of its hours; ``is_1904``
    is said by the table.
    """

    layout: Layout
    zone: str
    near: date
    is_1904: bool = False

    def date_of(self, text: str) -> date | None:
        """Return the date that a text is, None if it is none."""
        return read_date(text, self.layout.order, self.near, is_1904=self.is_1904)

    def moment_of(self, text: str) -> tuple[date | None, time | None]:
        """Return the date and the time of a text that holds one of them or both."""
        return read_moment(text, self.layout.order, self.near, is_1904=self.is_1904)


class _Cell(NamedTuple):
    """Names and hours of a table's cell, and where it stands."""

    where: str
    name: str
    text: str
    on: date


def read_table(sheet: Sheet, manner: Manner) -> Reading:
    """Return what the table says.

    Raises:
        RosterImportError: it cannot be read with this layout at all.
    """
    if manner.layout.lacks:
        raise RosterImportError(manner.layout.lacks)
    if manner.layout.head >= len(sheet.rows):
        raise RosterImportError("The row of headings lies below the table.")
    reading = Reading(notes=repeated(sheet, manner.layout))
    read, manner = _READERS[manner.layout.shape], replace(manner, is_1904=sheet.is_1904)
    for found in read(sheet, manner):
        _take(reading, found)
    return reading.bounded()


def _take(reading: Reading, found: Entry | Problem) -> None:
    if isinstance(found, Problem):
        reading.problems.append(found)
        return
    reading.entries.append(found)
    if len(reading.entries) > MOST_ENTRIES:
        raise RosterImportError(f"The file has more than {MOST_ENTRIES:,} turns. Divide it.")


def _lines(sheet: Sheet, manner: Manner) -> Iterator[Entry | Problem]:
    for row in sheet.rows[manner.layout.head + 1 :]:
        try:
            entry = _line(row, manner)
        except ValueError as error:
            yield Problem(f"row {row.number}", str(error))
            continue
        if entry is not None:
            yield entry


def _line(row: Row, manner: Manner) -> Entry | None:
    def cell(column: Column) -> str:
        return row.cell(manner.layout.columns.get(column))

    if cell(Column.STATUS).lower() in _CANCELLED:
        return None
    people = _people(cell)
    if not people:
        raise ValueError("No person is named.")
    where = f"row {row.number}"
    if cell(Column.START) or cell(Column.END):
        return _timed(where, people, row, manner)
    first = _date_in(row, Column.DATE, manner)
    last = _date_in(row, Column.END_DATE, manner) if cell(Column.END_DATE) else first
    return _dated(where, people, cell(Column.SHIFT), first, last)


def _people(cell: Callable[[Column], str]) -> tuple[str, ...]:
    """Return the names of a line: one column, or two of them, and an e-mail address."""
    whole = " ".join(filter(None, (cell(Column.GIVEN), cell(Column.FAMILY))))
    names = (cell(Column.PERSON), whole, cell(Column.EMAIL))
    return tuple(dict.fromkeys(filter(None, names)))


def _dated(where: str, people: tuple[str, ...], shift: str, first: date, last: date) -> Entry:
    if last < first:
        raise ValueError(f"The last date, {last}, lies before the first, {first}.")
    if last - first > _LONGEST_STAY:
        raise ValueError(f"From {first} to {last} is more than a year; divide it.")
    if not shift:
        raise ValueError("Neither a shift nor hours are named.")
    return Entry(where, people, shift, first, last)


def _timed(where: str, people: tuple[str, ...], row: Row, manner: Manner) -> Entry:
    start_on, start = _moment_in(row, Column.START, manner)
    end_on, end = _moment_in(row, Column.END, manner)
    shift = row.cell(manner.layout.columns.get(Column.SHIFT))
    if start is None and end is None and start_on is not None:
        return _dated(where, people, shift, start_on, end_on or start_on)
    if start is None or end is None:
        raise ValueError("A start and an end are needed, both with a time.")
    on = start_on or _date_in(row, Column.DATE, manner)
    first, last = moments(on, start, end)
    if end_on is not None:
        last = datetime.combine(end_on, end)
    return _spanning(where, people, shift, first, last, manner.zone)


def _spanning(
    where: str, people: tuple[str, ...], shift: str, first: datetime, last: datetime, zone: str
) -> Entry:
    if last <= first:
        raise ValueError("The end lies before the start.")
    if last - first > _LONGEST_STAY:
        raise ValueError("It lasts more than a year; divide it.")
    tz = ZoneInfo(zone)
    start_at, end_at = (wall.replace(tzinfo=tz).astimezone(UTC) for wall in (first, last))
    return Entry(where, people, shift, start_at=start_at, end_at=end_at)


def _date_in(row: Row, column: Column, manner: Manner) -> date:
    text = row.cell(manner.layout.columns.get(column))
    if not text:
        raise ValueError("The date is missing.")
    on, _clock = manner.moment_of(text)
    if on is None:
        place = column_letter(manner.layout.columns[column])
        raise ValueError(f"Column {place}: “{_short(text)}” is {_no_date(text)}.")
    return on


def _no_date(text: str) -> str:
    """Return why a text is no date of a roster: it is none at all, or of another age."""
    years = [int(year) for year in _YEAR.findall(text)]
    if any(not FIRST_YEAR <= year <= LAST_YEAR for year in years):
        return f"no date between {FIRST_YEAR} and {LAST_YEAR}"
    return "no date"


def _moment_in(row: Row, column: Column, manner: Manner) -> tuple[date | None, time | None]:
    at = manner.layout.columns.get(column)
    text = row.cell(at)
    found = manner.moment_of(text)
    if text and found == (None, None):
        raise ValueError(
            f"Column {column_letter(at or 0)}: “{_short(text)}” is {_no_date(text)} or time."
        )
    return found


def _cells(sheet: Sheet, manner: Manner, column: Column) -> Iterator[_Cell | Problem]:
    """Yield the cells below the dates that say something, with the name before them."""
    head = sheet.rows[manner.layout.head]
    names = manner.layout.columns[column]
    dates = {
        at: on
        for at, text in enumerate(head.cells)
        if text and at != names and (on := manner.date_of(text))
    }
    for row in sheet.rows[manner.layout.head + 1 :]:
        name = row.cell(names)
        filled = [at for at in dates if row.cell(at).lower() not in _NOTHING]
        if filled and not name:
            yield Problem(f"row {row.number}", "Nobody and nothing is named before its cells.")
            continue
        for at in filled:
            where = f"cell {column_letter(at)}{row.number}"
            yield _Cell(where, name, row.cell(at), dates[at])


def _people_down(sheet: Sheet, manner: Manner) -> Iterator[Entry | Problem]:
    for cell in _cells(sheet, manner, Column.PERSON):
        if isinstance(cell, Problem):
            yield cell
            continue
        for text in split(cell.text):
            hours = read_hours(text)
            if hours is None:
                yield Entry(cell.where, (cell.name,), text, cell.on, cell.on)
            else:
                first, last = moments(cell.on, *hours)
                yield _spanning(cell.where, (cell.name,), "", first, last, manner.zone)


def _shifts_down(sheet: Sheet, manner: Manner) -> Iterator[Entry | Problem]:
    for cell in _cells(sheet, manner, Column.SHIFT):
        if isinstance(cell, Problem):
            yield cell
            continue
        for name in split(cell.text):
            yield Entry(cell.where, (name,), cell.name, cell.on, cell.on)


def split(text: str) -> list[str]:
    """Return the names of a cell that holds several: ``MRI1 + CT2``, ``Smith; Lee``."""
    return [part for part in _BETWEEN.split(text) if part.lower() not in _NOTHING]


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:24]}…"


_READERS: Mapping[Shape, Callable[[Sheet, Manner], Iterator[Entry | Problem]]] = {
    Shape.LINES: _lines,
    Shape.PEOPLE_DOWN: _people_down,
    Shape.SHIFTS_DOWN: _shifts_down,
}
