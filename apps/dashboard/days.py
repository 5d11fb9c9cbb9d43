"""What *today* means to a viewer: from midnight to midnight on their own wall clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Day:
    """A local date and the moments between which it lies; ``end`` belongs to the next day."""

    on: date
    start: datetime
    end: datetime


def day_of(at: datetime, zone: tzinfo) -> Day:
    """Return the day that ``at`` falls on in ``zone``; 23 or 25 hours when clocks change."""
    on = at.astimezone(zone).date()
    return Day(on, _midnight(on, zone), _midnight(on + timedelta(days=1), zone))


def _midnight(on: date, zone: tzinfo) -> datetime:
    return datetime.combine(on, time.min, tzinfo=zone)
