"""When a shift runs: wall clock hours in a zone, turned into moments.

A shift is written as local hours ("22:00 to 06:00 in Europe/Berlin, Monday to Friday"). Each
*occurrence* belongs to the local date on which it starts, and is the time during which the wall
clock shows one of its hours. So a change of the clocks needs no rule of its own:

- a night shift loses or gains the hour, and is that much shorter or longer;
- an hour that the clock shows twice is covered twice, by whoever holds it on the roster. Shifts
  that hand over within it (one until 01:30, one from 01:30) each have it twice, as two runs of
  one date, so that nobody is there who should not be and no minute is left alone;
- an hour that the clock skips is nobody's. Of a run that lies in it nothing is left: ``skipped``
  names such dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from apps.engine.rota import ShiftFacts

if TYPE_CHECKING:
    from apps.engine.compiled import CompiledConfig
    from apps.engine.coverage import OnShift

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# Wide enough to hold the change of the clocks that makes two of four offsets differ.
_AROUND = timedelta(hours=3)
# A weekly shift that has just started comes again in seven days; one more for zone shifts.
_DAYS_AHEAD = 9


class Occurrence(NamedTuple):
    """One run of a shift: its local start date and its moments, start included, end not."""

    start_on: date
    start_at: datetime
    end_at: datetime


class Moments(NamedTuple):
    """A stretch of time, start included, end not."""

    start_at: datetime
    end_at: datetime


def wall_to_utc(wall: datetime, zone: str, *, is_end: bool) -> datetime:
    """Return the moment at which a clock in ``zone`` shows ``wall`` (naive).

    Where the clock shows it twice, an end takes the second moment, a start the first; where it
    skips it, both take the moment at which it jumps.
    """
    tz = ZoneInfo(zone)
    first = wall.replace(tzinfo=tz, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=tz, fold=1).astimezone(UTC)
    if first > second:
        return _jump_between(second, first, tz)
    return second if is_end else first


def wall_moments(start: datetime, end: datetime, zone: str) -> tuple[Moments, ...]:
    """Return when a clock in ``zone`` shows a time from ``start`` to ``end`` (naive, end not).

    That is one stretch, two where the clocks go back between two of its ends, or none where they
    skip it all. Two changes of the clocks within one stretch are not looked for.
    """
    tz = ZoneInfo(zone)
    walls = [wall.replace(tzinfo=tz, fold=fold) for wall in (start, end) for fold in (0, 1)]
    offset = walls[0].utcoffset() or timedelta()
    if all(wall.utcoffset() == offset for wall in walls):
        return (Moments((start - offset).replace(tzinfo=UTC), (end - offset).replace(tzinfo=UTC)),)
    return _moments_around_change(start, end, tz, [wall.astimezone(UTC) for wall in walls])


def _moments_around_change(
    start: datetime, end: datetime, tz: ZoneInfo, walls: list[datetime]
) -> tuple[Moments, ...]:
    early, late = min(walls) - _AROUND, max(walls) + _AROUND
    before, after = (at.astimezone(tz).utcoffset() or timedelta() for at in (early, late))
    change = _jump_between(early, late, tz)
    first = Moments(
        (start - before).replace(tzinfo=UTC), min((end - before).replace(tzinfo=UTC), change)
    )
    second = Moments(
        max((start - after).replace(tzinfo=UTC), change), (end - after).replace(tzinfo=UTC)
    )
    if first.start_at < first.end_at == second.start_at < second.end_at:
        return (Moments(first.start_at, second.end_at),)
    return tuple(piece for piece in (first, second) if piece.start_at < piece.end_at)


def _jump_between(before: datetime, after: datetime, tz: ZoneInfo) -> datetime:
    """Return the second at which the offset changes; zoneinfo tells offsets, not changes."""
    old_offset = before.astimezone(tz).utcoffset()
    while after - before > _SECOND:
        middle = before + ((after - before) // 2 // _SECOND or 1) * _SECOND
        if middle.astimezone(tz).utcoffset() == old_offset:
            before = middle
        else:
            after = middle
    return after


@lru_cache(maxsize=16_384)
def hours_on(
    start_local: time, end_local: time, zone: str, start_on: date
) -> tuple[Occurrence, ...]:
    """Return when the wall clock shows the hours that begin on a date, in order.

    Many shifts share their hours, hence the cache. See ``wall_moments`` for how many there are.
    """
    walls = _walls(start_on, start_local, end_local)
    return tuple(Occurrence(start_on, *piece) for piece in wall_moments(*walls, zone))


def part_of_run(
    shift: ShiftFacts, start_on: date, start_local: time, end_local: time
) -> tuple[Moments, ...]:
    """Return when, during the run that starts on a date, the wall clock shows these hours.

    An end at or before the start lies on the next day, as a shift's does; where the hours begin
    before the run or go on after it, what lies outside is cut off.
    """
    return _part(shift.start_local, shift.end_local, shift.zone, start_on, start_local, end_local)


@lru_cache(maxsize=4_096)
def _part(
    run_start: time, run_end: time, zone: str, start_on: date, start_local: time, end_local: time
) -> tuple[Moments, ...]:
    first, last = _walls(start_on, run_start, run_end)
    found: list[Moments] = []
    for ahead in (-1, 0, 1):
        start, end = _walls(start_on + ahead * _DAY, start_local, end_local)
        if max(start, first) < min(end, last):
            found += wall_moments(max(start, first), min(end, last), zone)
    return tuple(sorted(found))


def _walls(start_on: date, start_local: time, end_local: time) -> tuple[datetime, datetime]:
    end_on = start_on if end_local > start_local else start_on + _DAY
    return datetime.combine(start_on, start_local), datetime.combine(end_on, end_local)


def occurrences_from(shift: ShiftFacts, first_on: date, days: int) -> Iterator[Occurrence]:
    """Yield the runs that start on one of ``days`` local dates from ``first_on``, date by date.

    A run of which the clock skips all is left out (``skipped``); one that the clocks going back
    cut in two comes twice, and the run of the next date may then begin between.
    """
    for ahead in range(days):
        start_on = first_on + timedelta(days=ahead)
        if shift.runs_on(start_on):
            yield from hours_on(shift.start_local, shift.end_local, shift.zone, start_on)


def skipped(shift: ShiftFacts, first_on: date, days: int) -> list[date]:
    """Return the dates, of ``days`` from ``first_on``, whose run lies in an hour that is skipped."""
    dates = (first_on + timedelta(days=ahead) for ahead in range(days))
    return [
        on
        for on in dates
        if shift.runs_on(on) and not hours_on(shift.start_local, shift.end_local, shift.zone, on)
    ]


def occurrences(shift: ShiftFacts, start_at: datetime, end_at: datetime) -> list[Occurrence]:
    """Return the runs that share a moment with the span, in order of their start."""
    first_on = local_date(start_at, shift.zone) - 2 * _DAY
    days = (local_date(end_at, shift.zone) - first_on).days + 1
    runs = occurrences_from(shift, first_on, days)
    shared = [run for run in runs if run.start_at < end_at and run.end_at > start_at]
    return sorted(shared, key=lambda run: run.start_at)


def local_date(at: datetime, zone: str) -> date:
    """Return the calendar date in ``zone`` at a moment."""
    return at.astimezone(ZoneInfo(zone)).date()


def is_zone(name: str) -> bool:
    """Say whether the time zone database knows a name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def next_boundary(shift: ShiftFacts, at: datetime) -> datetime | None:
    """Return the first start or end after the moment; None where there is none in a week."""
    first_on = local_date(at, shift.zone) - 2 * _DAY
    edges = (
        edge
        for run in occurrences_from(shift, first_on, _DAYS_AHEAD + 2)
        for edge in (run.start_at, run.end_at)
        if edge > at
    )
    return min(edges, default=None)


def on_shift(compiled: CompiledConfig, at: datetime) -> Mapping[str, OnShift]:
    """Return who is on each shift that runs at the moment, by shift code."""
    return compiled.coverage_at(at).running


def next_change(compiled: CompiledConfig, at: datetime) -> datetime | None:
    """Return the next moment after ``at`` at which the clock alone may change a decision.

    That is the start or end of any shift's run, of a part of one, of anybody's hours away or of
    any rule's active window; None when nothing lies ahead. Where nothing comes for half a day,
    it may be a moment at which nothing changes yet.
    """
    coverage = compiled.coverage_at(at)
    edges = [edge for edge in compiled.rules.window_edges if edge > at]
    if coverage.is_cut_short:
        shifts = compiled.shifts.values()
        edges += [edge for shift in shifts if (edge := next_boundary(shift, at))]
        edges += [coverage.end_at] if compiled.roster.has_hours else []
    else:
        edges.append(coverage.end_at)
    return min(edges, default=None)
