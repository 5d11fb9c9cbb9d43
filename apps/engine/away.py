"""When somebody is away for some hours of a day, turned into moments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from apps.engine.by_date import ByDate
from apps.engine.occurrences import hours_on
from apps.engine.rota import LeaveFacts

_DAY = timedelta(days=1)
# The date in some zone is one off that in UTC, and hours may end on the date after they began.
_DAYS_BACK = 2
_DAYS_ON = 1
_MAX_REMEMBERED = 1_000


class Away(NamedTuple):
    """Somebody's hours away, start included, end not."""

    start_at: datetime
    end_at: datetime
    is_other_work: bool


class HoursAway:
    """One person's hours away, found by the day in UTC.

    What is found is remembered: it follows from the records alone.
    """

    def __init__(self, leaves: Iterable[LeaveFacts]) -> None:
        self._leaves = ByDate(leaves, slack=_DAYS_BACK)
        self._days: dict[date, tuple[Away, ...]] = {}

    def on(self, day: date) -> tuple[Away, ...]:
        """Return the hours that share a moment with a day in UTC."""
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _MAX_REMEMBERED:
                self._days.clear()
            found = self._days[day] = tuple(self._near(day))
        return found

    def edges(self, start_at: datetime, end_at: datetime) -> Iterator[datetime]:
        """Yield the starts and ends of the hours that share a day with a span."""
        day, last = start_at.astimezone(UTC).date(), end_at.astimezone(UTC).date()
        while day <= last:
            for away in self.on(day):
                yield away.start_at
                yield away.end_at
            day += _DAY

    def _near(self, day: date) -> Iterator[Away]:
        start_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for leave in self._leaves.near(day):
            for away in pieces_of_leave(leave, day - _DAYS_BACK * _DAY, day + _DAYS_ON * _DAY):
                if away.start_at < start_at + _DAY and away.end_at > start_at:
                    yield away


def pieces_of_leave(leave: LeaveFacts, first_on: date, last_on: date) -> Iterator[Away]:
    """Yield the hours of a leave that begin on these dates of its zone, both included.

    None of a leave of whole days: that speaks of runs, not of moments.
    """
    start, end = leave.start_local, leave.end_local
    if start is None or end is None:
        return
    on, last_on = max(leave.start_on, first_on), min(leave.end_on, last_on)
    while on <= last_on:
        for run in hours_on(start, end, leave.zone, on):
            yield Away(run.start_at, run.end_at, leave.is_other_work)
        on += _DAY
