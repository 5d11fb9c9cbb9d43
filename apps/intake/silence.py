"""When a sender counts as silent: nothing for so long, counted in its usual hours only.

Usual hours are wall clock hours on some weekdays in a zone, as a shift's are: a night from Friday
22:00 to 06:00 belongs to Friday, and the hour that a change of summer time adds or takes away is
there or not there. What lies outside of them is not counted, so a sender that speaks last on
Friday at 18:30 and usually falls silent at 19:00 has been silent for half an hour on Monday
morning. Pure: moments go in, moments come out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from apps.engine.occurrences import local_date, wall_to_utc

KIND = "sender_silence"
ALL = "all"
"""The one due time at which every watched sender is looked at."""

_DAY = timedelta(days=1)
_MIDNIGHT = time(0)
_WEEK = frozenset(range(1, 8))
# A run that began yesterday may go on, with the hour of a change of summer time a little longer.
_DAYS_BACK = 2
_MOST_DAYS = 400

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class UsualHours:
    """When a sender usually sends.

    ``weekdays`` are ISO numbers, none means every day. A missing start is midnight, a missing end
    the midnight after; an end that is not after the start lies on the next day.
    """

    zone: str
    weekdays: frozenset[int] = frozenset()
    from_local: time | None = None
    until_local: time | None = None

    @property
    def is_always(self) -> bool:
        """Return whether every moment is usual."""
        start, end = self.from_local or _MIDNIGHT, self.until_local or _MIDNIGHT
        return start == end and (not self.weekdays or self.weekdays >= _WEEK)


def silence_begins(hours: UsualHours, last_at: datetime) -> datetime | None:
    """Return the first usual moment from ``last_at`` on; None where none comes."""
    return next((start for start, _ in _usual_time(hours, last_at)), None)


def silent_from(hours: UsualHours, last_at: datetime, after: timedelta) -> datetime | None:
    """Return when ``after`` of usual time has gone by since ``last_at``.

    None where it takes more than a year, or for ever.
    """
    left = after
    for start, end in _usual_time(hours, last_at):
        if end - start >= left:
            return start + left
        left -= end - start
    return None


def _usual_time(hours: UsualHours, since: datetime) -> Iterator[Span]:
    """Yield the usual time from a moment on, in order and without overlaps."""
    if hours.is_always:
        yield since, since + _MOST_DAYS * _DAY
        return
    first_on = local_date(since, hours.zone) - _DAYS_BACK * _DAY
    counted_until = since
    for ahead in range(_MOST_DAYS):
        start_on = first_on + ahead * _DAY
        if hours.weekdays and start_on.isoweekday() not in hours.weekdays:
            continue
        start, end = _run(hours, datetime.combine(start_on, _MIDNIGHT))
        start = max(start, counted_until)
        if start < end:
            yield start, end
            counted_until = end


def _run(hours: UsualHours, day: datetime) -> Span:
    """Return the usual hours that begin on a day (naive, its midnight)."""
    start, end = hours.from_local or _MIDNIGHT, hours.until_local or _MIDNIGHT
    end_on = day if end > start else day + _DAY
    return (
        wall_to_utc(datetime.combine(day, start), hours.zone, is_end=False).astimezone(UTC),
        wall_to_utc(datetime.combine(end_on, end), hours.zone, is_end=True).astimezone(UTC),
    )
