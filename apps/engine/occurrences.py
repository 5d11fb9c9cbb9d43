"""When a shift runs: wall clock hours in a zone, turned into moments.

A shift is written as local hours ("22:00 to 06:00 in Europe/Berlin, Monday to Friday"). Each
*occurrence* belongs to the local date on which it starts. Hours are counted on the wall clock
and only then turned into UTC, so a night shift loses or gains the hour of a DST change:

- a wall time that the clock skips stands for the moment at which the clock jumps over it, so
  a shift that ends and one that starts at such a time meet without gap or overlap;
- a wall time that comes twice means its first coming for a start and its second for an end,
  so that no minute of the repeated hour is left without a reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from apps.engine.facts import ShiftFacts

if TYPE_CHECKING:
    from apps.engine.compiled import CompiledConfig
    from apps.engine.coverage import OnShift

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# A weekly shift that has just started comes again in seven days; one more for zone shifts.
_DAYS_AHEAD = 9


class Occurrence(NamedTuple):
    """One run of a shift: its local start date and its moments, start included, end not."""

    start_on: date
    start_at: datetime
    end_at: datetime


def wall_to_utc(wall: datetime, zone: str, *, is_end: bool) -> datetime:
    """Return the moment at which a clock in ``zone`` shows ``wall`` (naive).

    Where the clock shows it twice, an end takes the second moment, a start the first.
    """
    tz = ZoneInfo(zone)
    first = wall.replace(tzinfo=tz, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=tz, fold=1).astimezone(UTC)
    if first > second:
        return _jump_between(second, first, tz)
    return second if is_end else first


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
def _bounds(start_local: time, end_local: time, zone: str, start_on: date) -> Occurrence:
    """Return the run that starts on a date. Many shifts share their hours, hence the cache."""
    end_on = start_on if end_local > start_local else start_on + _DAY
    return Occurrence(
        start_on,
        wall_to_utc(datetime.combine(start_on, start_local), zone, is_end=False),
        wall_to_utc(datetime.combine(end_on, end_local), zone, is_end=True),
    )


def occurrences_from(shift: ShiftFacts, first_on: date, days: int) -> Iterator[Occurrence]:
    """Yield the runs that start on one of ``days`` local dates from ``first_on``, in order.

    A run whose whole length falls into the hour that a DST change skips is left out.
    """
    for ahead in range(days):
        start_on = first_on + timedelta(days=ahead)
        if start_on.isoweekday() in shift.weekdays:
            run = _bounds(shift.start_local, shift.end_local, shift.zone, start_on)
            if run.start_at < run.end_at:
                yield run


def occurrences(shift: ShiftFacts, start_at: datetime, end_at: datetime) -> list[Occurrence]:
    """Return the runs that share a moment with the span, in order of their start."""
    first_on = local_date(start_at, shift.zone) - 2 * _DAY
    days = (local_date(end_at, shift.zone) - first_on).days + 1
    runs = occurrences_from(shift, first_on, days)
    return [run for run in runs if run.start_at < end_at and run.end_at > start_at]


def local_date(at: datetime, zone: str) -> date:
    """Return the calendar date in ``zone`` at a moment."""
    return at.astimezone(ZoneInfo(zone)).date()


def next_boundary(shift: ShiftFacts, at: datetime) -> datetime | None:
    """Return the first start or end after the moment; None for a shift without weekdays."""
    best: datetime | None = None
    for run in occurrences_from(shift, local_date(at, shift.zone) - 2 * _DAY, _DAYS_AHEAD + 2):
        if best is not None and run.start_at >= best:
            break
        for edge in (run.start_at, run.end_at):
            if edge > at and (best is None or edge < best):
                best = edge
    return best


def on_shift(compiled: CompiledConfig, at: datetime) -> Mapping[str, OnShift]:
    """Return who is on each shift that runs at the moment, by shift code."""
    return compiled.coverage_at(at).running


def next_change(compiled: CompiledConfig, at: datetime) -> datetime | None:
    """Return the next moment after ``at`` at which the clock alone may change a decision.

    That is the start or end of any shift's run or of any rule's active window; None when
    nothing lies ahead.
    """
    edges = [edge for shift in compiled.shifts.values() if (edge := next_boundary(shift, at))]
    edges.extend(edge for edge in compiled.rules.window_edges if edge > at)
    return min(edges, default=None)
