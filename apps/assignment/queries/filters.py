"""What a list of studies is narrowed by, as its address says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from apps.assignment.choices import RecordedStrategy


class State(StrEnum):
    """Which studies; ANY lists assignments, every other one studies as they are now."""

    ANY = "any"
    OPEN = "open"
    OVERDUE = "overdue"
    DUE_SOON = "due_soon"
    UNACKNOWLEDGED = "unacknowledged"
    HELD = "held"
    LATE_TODAY = "late_today"
    REPORTED = "reported"
    CANCELLED = "cancelled"


class Period(StrEnum):
    """How far back a list looks; NONE leaves it to the state."""

    NONE = ""
    TODAY = "today"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    ALL = "all"


LIVE = frozenset(
    {
        *(State.OPEN, State.OVERDUE, State.DUE_SOON, State.UNACKNOWLEDGED),
        *(State.HELD, State.LATE_TODAY),
    }
)
"""The states that never hold more than a day's work, however long the history is."""

_SPANS = {
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(days=7),
    Period.MONTH: timedelta(days=30),
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a search came to: studies known under a number, or of a patient, or else readers."""

    order_ids: tuple[int, ...] = ()
    radiologist_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StudyFilter:
    """What a list is narrowed by; empty values narrow nothing.

    ``found`` is what a search came to, None without one. ``shift`` and ``radiologist`` say who
    has, or had, the study.
    """

    state: State = State.OPEN
    period: Period = Period.NONE
    site_id: int | None = None
    cluster_id: int | None = None
    modality: str = ""
    urgency: str = ""
    radiologist: str = ""
    shift: str = ""
    strategy: RecordedStrategy | None = None
    is_escalated: bool = False
    found: Numbers | None = None

    @property
    def is_live(self) -> bool:
        """Return whether the list holds only what is at work now."""
        return self.state in LIVE

    @property
    def is_search(self) -> bool:
        """Return whether the list holds only studies that were named."""
        return self.found is not None and bool(self.found.order_ids)

    @property
    def names_reader(self) -> bool:
        """Return whether one reader's history is asked for, which has an index of its own."""
        return bool(self.radiologist)

    @property
    def asks_assignments(self) -> bool:
        """Return whether the list is one of assignments: what looks back, and asks about them.

        Studies that were reported or cancelled without ever having a reader are in none.
        """
        if self.is_search or self.is_live:
            return False
        is_asked = self.radiologist or self.shift or self.strategy or self.is_escalated
        return self.state is State.ANY or bool(is_asked or self.found)

    @property
    def shown_period(self) -> Period:
        """Return how far back the list really looks.

        Without a number or a reader the whole history is not searched: no index could serve
        every combination of filters over it.
        """
        if self.is_search:
            return Period.ALL
        if self.period is Period.NONE:
            return Period.ALL if self.is_live else Period.TODAY
        if self.period is Period.ALL and not (self.is_live or self.names_reader):
            return Period.MONTH
        return self.period

    @property
    def is_cut(self) -> bool:
        """Return whether less is shown than was asked for."""
        return self.period is Period.ALL and self.shown_period is Period.MONTH

    @property
    def is_bounded(self) -> bool:
        """Return whether the list is short enough to be sorted by any column."""
        short = (Period.TODAY, Period.DAY)
        return self.is_live or self.is_search or self.shown_period in short


def day_of(at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return when the viewer's day began and when it ends."""
    today = at.astimezone(zone).date()
    tomorrow = today + timedelta(days=1)
    return (
        datetime.combine(today, time.min, tzinfo=zone),
        datetime.combine(tomorrow, time.min, tzinfo=zone),
    )


def since(period: Period, at: datetime, zone: tzinfo) -> datetime | None:
    """Return when a period began, None for all time."""
    if period is Period.TODAY:
        return day_of(at, zone)[0]
    span = _SPANS.get(period)
    return at - span if span else None
