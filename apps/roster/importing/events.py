"""What a feed says: events, each one time that something takes place, on the asked days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.roster.importing.entries import Problem

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One time that something takes place.

    ``first_on`` and ``last_on`` are of an event that lasts whole days, both included; any other
    has ``start_at`` and ``end_at``. ``own_person`` and ``own_shift`` are the ids that calendars of
    ours carry. ``unknown_zone`` is the one that its hours are in, where nobody knows it.
    """

    uid: str
    summary: str
    location: str
    categories: tuple[str, ...]
    emails: tuple[str, ...]
    attendees: tuple[str, ...]
    first_on: date | None = None
    last_on: date | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    own_person: str = ""
    own_shift: str = ""
    unknown_zone: str = ""

    @property
    def where(self) -> str:
        """Return the event's day and words, by which a person finds it."""
        day = self.first_on or (self.start_at.date() if self.start_at else None)
        return f"{self.summary or self.location or 'event'}, {day}"


@dataclass(slots=True)
class Feed:
    """What a feed holds for the asked days."""

    events: list[FeedEvent]
    problems: list[Problem]
    name: str = ""


@dataclass(frozen=True)
class AskedDays:
    """The asked days and the clock of times that name none."""

    first_on: date
    last_on: date
    zone: ZoneInfo

    def hold(self, event: FeedEvent) -> bool:
        """Return whether the event shares a day with them."""
        if event.first_on is not None:
            return event.first_on <= self.last_on and (event.last_on or date.max) >= self.first_on
        start = event.start_at or datetime.max.replace(tzinfo=UTC)
        end = event.end_at or start
        return start.date() <= self.last_on + _DAY and end.date() >= self.first_on - _DAY

    def cut(self, event: FeedEvent) -> FeedEvent:
        """Return the event without what lies far from them: some feeds end at the end of time."""
        first_on, last_on = self.first_on - 3 * _DAY, self.last_on + 3 * _DAY
        if event.first_on is not None:
            last = min(event.last_on or event.first_on, last_on)
            return replace(event, first_on=max(event.first_on, first_on), last_on=last)
        if event.start_at is None or event.end_at is None:
            return event
        first_at, last_at = (
            datetime.combine(on, datetime.min.time(), tzinfo=UTC) for on in (first_on, last_on)
        )
        start, end = max(event.start_at, first_at), min(event.end_at, last_at)
        return replace(event, start_at=start, end_at=end)
