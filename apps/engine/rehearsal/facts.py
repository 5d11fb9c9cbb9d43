"""What a rehearsal is told: the orders that come, and how the department works on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from apps.engine.codes import Reason, Urgency
from apps.engine.duty import Span
from apps.engine.facts import OrderFacts

Dues = tuple[datetime | None, datetime | None, datetime | None]
"""When the report is due as STAT, URGENT and ROUTINE, in that order."""
NO_DUES: Dues = (None, None, None)


class Mate(NamedTuple):
    """Another study of a patient, with its reader; ``read_at`` is None while it is unread."""

    order: int
    reader: str
    linked: str
    modality: str
    body_part: str
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Case:
    """An order that comes, and what reading it takes.

    ``seconds`` is what a reader of common speed needs. ``ends_at`` is when it was cancelled, or
    went on hold; who has not read it by then never does. ``reassign_after`` is how long after the
    breach it may move to somebody with less load. ``patient`` and ``linked`` are keys that studies
    of one patient, or ordered together, share; empty keeps no company.
    ``earlier`` are the patient's studies that were read before the rehearsal began.
    """

    order: OrderFacts
    ready_at: datetime
    seconds: float
    dues: Dues = NO_DUES
    ends_at: datetime | None = None
    reassign_after: timedelta | None = timedelta(minutes=30)
    patient: str = ""
    linked: str = ""
    earlier: tuple[Mate, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """What lies on a reader's hands when the rehearsal begins.

    ``hour`` are the moments and RVU of the last hour's assignments, ``given`` the moments and
    units of the last day's, ``done`` the moments and turnaround seconds of the last four hours'
    completions, all in order; ``turns`` the last assignment on each shift.
    """

    hour: tuple[tuple[datetime, Decimal], ...] = ()
    given: tuple[tuple[datetime, Decimal], ...] = ()
    done: tuple[tuple[datetime, int], ...] = ()
    turns: Mapping[str, datetime] = field(default_factory=dict)


def at_given_speed(case: Case, _reader: str) -> float:
    """Return the case's own seconds: everybody is of common speed."""
    return case.seconds


@dataclass(frozen=True, slots=True)
class Conduct:
    """How the department works, beside its configuration.

    ``seconds`` says how long a reader takes for a case. ``together`` is whose unread studies go
    to one reader: ``off``, ``linked`` or ``patient``; who has ``together_most`` of them gets no
    more for it. ``prefers_priors`` favours who read the patient's earlier studies. ``other_work``
    is when readers on duty did not read, which counts for no hours.
    """

    seconds: Callable[[Case, str], float] = at_given_speed
    together: str = "off"
    together_most: int = 5
    prefers_priors: bool = False
    other_work: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Study:
    """A case under way, and in the end what became of it.

    ``first_at`` is when it first had a reader, ``begun_at`` and ``done_at`` when it was read; None
    while it was not. ``reason`` is why it last had no reader. ``is_over`` says that nothing more
    becomes of it. ``is_counted`` is off for what was there before the rehearsal began. ``kind`` is
    among which it waits, for the queue.
    """

    case: Case
    urgency: Urgency
    due_at: datetime | None
    number: int = 0
    reader: str = ""
    first_reader: str = ""
    shift: str = ""
    strategy: str = ""
    rule: int | None = None
    reason: Reason | None = None
    escalated: bool = False
    first_at: datetime | None = None
    given_at: datetime | None = None
    begun_at: datetime | None = None
    done_at: datetime | None = None
    moves: int = 0
    tries: int = 0
    is_breached: bool = False
    is_over: bool = False
    is_counted: bool = True
    kind: object = None
    had_overdue: frozenset[str] = frozenset()

    @property
    def order(self) -> OrderFacts:
        """Return the order's facts, as they came."""
        return self.case.order
