"""Coverage as a page shows it: work and sites over days or hours, and the gaps in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import quote

from apps.assignment.coverage.swept import Found, coverage
from apps.assignment.coverage.words import lane_words, lanes_words
from apps.assignment.queries.coverage_gaps import Gap, Meant, gaps_of, meant_of
from apps.core.access import Scope
from apps.core.paging import Page
from apps.engine.occurrences import local_date, wall_to_utc
from apps.engine.timeline.facts import Asked, Cover
from apps.engine.timeline.rows import Row
from apps.roster.queries.places import seen_sites

Span = tuple[datetime, datetime]

DAY = 1
"""One day is shown by the hour, more by the day."""
LINES_PER_PAGE = 25
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_LACKING = (Cover.OPEN, Cover.THIN)


@dataclass(frozen=True, slots=True)
class CoverageFilter:
    """What is looked at; empty values narrow nothing. ``lacking`` leaves out what is covered."""

    start_on: date
    days: int
    zone: str
    site: str = ""
    modality: str = ""
    body_part: str = ""
    lacking: bool = True


class Column(NamedTuple):
    """An hour or a day on the clock of the page's zone."""

    start_at: datetime
    end_at: datetime
    on: date
    is_now: bool
    is_past: bool


class Cell(NamedTuple):
    """How some work is covered in a column, at worst.

    ``spans`` is when it is uncovered or thin, the first few; ``is_all`` where it is so throughout.
    """

    cover: Cover
    spans: Sequence[tuple[datetime, datetime]] = ()
    more: int = 0
    is_all: bool = False


class Line(NamedTuple):
    """Kinds of work that are covered alike at some sites; the lengths are of the whole period."""

    works: Sequence[str]
    sites: Sequence[str]
    shifts: Sequence[str]
    open: timedelta
    thin: timedelta
    cells: Sequence[Cell]
    key: str


class Unread(NamedTuple):
    """A kind of work that no shift reads at these sites."""

    words: str
    sites: Sequence[str]


@dataclass(frozen=True, slots=True)
class Coverage:
    """A period of days in a zone.

    ``skipped`` are the runs in an hour that the clock skips; ``has_work`` is false where no shift
    reads anything at the sites that are looked at.
    """

    wanted: CoverageFilter
    columns: Sequence[Column]
    lines: Page[Line]
    gaps: Sequence[Gap]
    has_more_gaps: bool
    meant: Sequence[Meant]
    unread: Sequence[Unread]
    skipped: Sequence[tuple[str, date]]
    has_work: bool
    kinds: int

    @property
    def last_on(self) -> date:
        """Return the last day."""
        return self.wanted.start_on + (self.wanted.days - 1) * _DAY

    @property
    def previous_on(self) -> date:
        """Return the first day of the period before."""
        return self.wanted.start_on - self.wanted.days * _DAY

    @property
    def next_on(self) -> date:
        """Return the first day of the period after."""
        return self.wanted.start_on + self.wanted.days * _DAY

    @property
    def has_now(self) -> bool:
        """Return whether one of the columns is under way."""
        return any(column.is_now for column in self.columns)

    @property
    def by_hour(self) -> bool:
        """Return whether a column is an hour."""
        return self.wanted.days == DAY


def covered(wanted: CoverageFilter, scope: Scope, *, at: datetime, page: int = 1) -> Coverage:
    """Return how the work of the scope's sites is covered.

    Args:
        wanted: which days, on whose clock, and what of it.
        scope: the sites that are looked at.
        at: decides what is past; what lies ahead is listed first.
        page: which lines are returned; gaps are listed over all of them.
    """
    found = found_of(wanted, scope)
    rows = [row for row in found.swept.rows if row.shifts]
    columns = list(columns_of(wanted, at))
    lacking = [row for row in rows if any(row.covers[cover] for cover in _LACKING)]
    shown = sorted(_alike(lacking if wanted.lacking else rows), key=_worst_first)
    first = (page - 1) * LINES_PER_PAGE
    lines = [_line(same, columns, found) for same in shown[first : first + LINES_PER_PAGE]]
    gaps, has_more = gaps_of(lacking, found, at)
    return Coverage(
        wanted,
        columns,
        Page(lines, page, has_next=len(shown) > first + LINES_PER_PAGE),
        gaps,
        has_more,
        meant_of(rows, found),
        _unread(found.swept.rows),
        [(found.shift_name(code), on) for code, on in found.swept.skipped],
        has_work=bool(found.swept.rows),
        kinds=len({row.work for row in rows}),
    )


def found_of(wanted: CoverageFilter, scope: Scope) -> Found:
    """Return the sweep that the page shows."""
    start_at, end_at = (
        _midnight(day, wanted.zone)
        for day in (wanted.start_on, wanted.start_on + wanted.days * _DAY)
    )
    return coverage(start_at, end_at, asked_of(wanted, scope))


def asked_of(wanted: CoverageFilter, scope: Scope) -> Asked:
    """Return which sites and work are looked at; no site lies outside of the scope."""
    sites = None if scope.everywhere else frozenset(_codes(scope))
    if wanted.site:
        sites = frozenset({wanted.site})
    return Asked(sites, wanted.modality, wanted.body_part)


def rows_of(found: Found, key: str) -> Sequence[Row]:
    """Return the rows of the line with a key, none where there is no such line (any more)."""
    rows = (row for row in found.swept.rows if row.shifts)
    return next((same.rows for same in _alike(rows) if _key(same.rows[0]) == key), ())


def _key(row: Row) -> str:
    """Return what tells a line from others: a lane belongs to one row alone."""
    lane = (*row.work, row.urgencies[0].value, row.sites[0])
    return ",".join(quote(word, safe="") for word in lane)


def _codes(scope: Scope) -> Iterable[str]:
    return seen_sites(scope).values_list("code", flat=True)


def columns_of(wanted: CoverageFilter, at: datetime) -> Iterator[Column]:
    """Yield the days, or the hours of the one; a day of the clocks' change has 23 or 25."""
    days = [wanted.start_on + ahead * _DAY for ahead in range(wanted.days + 1)]
    edges = [_midnight(day, wanted.zone) for day in days]
    if wanted.days == DAY:
        hours = round((edges[-1] - edges[0]) / _HOUR)
        edges = [edges[0] + number * _HOUR for number in range(hours)] + [edges[-1]]
    for start_at, end_at in pairwise(edges):
        on = local_date(start_at, wanted.zone)
        yield Column(start_at, end_at, on, start_at <= at < end_at, end_at <= at)


def _midnight(on: date, zone: str) -> datetime:
    return wall_to_utc(datetime.combine(on, time.min), zone, is_end=False)


class _Alike(NamedTuple):
    """Rows of the same sites that are covered alike, whoever covers them."""

    rows: Sequence[Row]
    open: timedelta
    thin: timedelta


def _alike(rows: Iterable[Row]) -> Iterator[_Alike]:
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.sites, *(row.covers[cover] for cover in Cover)].append(row)
    lengths: dict[int, timedelta] = {}
    for same in groups.values():
        for cover in _LACKING:
            pieces = same[0].covers[cover]
            if pieces not in lengths:
                spans = same[0].spans(cover)
                lengths[pieces] = sum((end - start for start, end in spans), timedelta())
        yield _Alike(same, *(lengths[same[0].covers[cover]] for cover in _LACKING))


def _worst_first(same: _Alike) -> tuple[object, ...]:
    row = same.rows[0]
    return (-same.open, -same.thin, row.work, row.urgencies, row.sites)


def _line(same: _Alike, columns: Sequence[Column], found: Found) -> Line:
    rows = same.rows
    codes = dict.fromkeys(code for row in rows for code in row.shifts)
    return Line(
        works=lanes_words(rows),
        sites=rows[0].sites,
        shifts=[found.shift_name(code) for code in codes],
        open=same.open,
        thin=same.thin,
        cells=[_cell(rows[0], column) for column in columns],
        key=_key(rows[0]),
    )


_MOST_SPANS = 2
_WORST = (Cover.OPEN, Cover.THIN, Cover.COVERED, Cover.MEANT)


def _cell(row: Row, column: Column) -> Cell:
    there = row.cover_between(column.start_at, column.end_at)
    cover = next(cover for cover in _WORST if cover in there)
    if cover not in _LACKING:
        return Cell(cover)
    spans = list(row.spans(cover, (column.start_at, column.end_at)))
    is_all = spans == [column[:2]]
    return Cell(cover, spans[:_MOST_SPANS], max(len(spans) - _MOST_SPANS, 0), is_all)


def _unread(rows: Iterable[Row]) -> list[Unread]:
    """Return the kinds of work that no shift reads at some sites, whatever the urgency."""
    sites: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if not row.shifts:
            sites[lane_words(row.work, row.urgencies)].update(row.sites)
    return [Unread(words, sorted(codes)) for words, codes in sites.items()]
