"""One reader's share: this turn of duty, today and this week, and every study with why it counts.

A reader sees their own figures and what all of their shifts come to together, never a list of
others. Source: spec 3, fairness.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from apps.assignment.choices import AssignmentState, EndReason
from apps.assignment.lifecycle import COUNTS
from apps.assignment.models import Assignment
from apps.assignment.queries.shares.standing import (
    Common,
    Standing,
    chosen,
    common,
    goes_by_shares,
    per_hour,
    standings,
)
from apps.assignment.snapshot.cache import ConfigView, current_view
from apps.assignment.snapshot.given import NOTHING
from apps.assignment.snapshot.versions import read_versions
from apps.catalog.queries.units import PLAIN_UNIT
from apps.core.access import EVERYWHERE, Scope
from apps.engine.duty import Span, without
from apps.roster.models import WorkCredit

_DAY = timedelta(days=1)
_CREDITS_SHOWN = timedelta(days=7)
_MOST_STUDIES = 500
_NO_TIME = timedelta()


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time and what it came to; ``there`` is rostered reading, ``counts`` of it."""

    label: str
    since: datetime
    there: timedelta
    counts: timedelta
    given: Decimal
    studies: int

    @property
    def rate(self) -> Decimal | None:
        """Return units for an hour that counts."""
        return per_hour(self.given, int(self.counts.total_seconds()))


@dataclass(frozen=True, slots=True)
class StudyLine:
    """A study that was given, and whether and why it counts."""

    order_id: int
    accession: str
    units: Decimal
    given_at: datetime
    counts: bool
    why: str
    is_on_turn: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """A reader beside all readers of one of their shifts, taken together.

    ``is_used`` is whether the shift chooses by shares.
    """

    code: str
    name: str
    common: Common
    ahead: Decimal
    catch_up: Decimal
    is_used: bool

    @property
    def is_bounded(self) -> bool:
        """Return whether they are further behind than counts, so that nobody is flooded."""
        return self.ahead < -self.catch_up

    @property
    def next_words(self) -> str:
        """Return what the next choice makes of it."""
        if not self.is_used:
            return "This shift does not choose by shares; the figures only inform."
        if self.common.readers == 1:
            return "Nobody else is on it now, so there is nothing to share out."
        if self.is_bounded:
            return (
                f"Comes first; {self.catch_up.normalize():f} are caught up at most, then who has "
                "less open decides."
            )
        return _WORDS[(self.ahead > 0) - (self.ahead < 0)]


_WORDS = {
    -1: "Comes first for what fits, until the rate is level.",
    0: "Level: who has less open comes first.",
    1: "What fits goes first to those who were given less for their hours.",
}


@dataclass(frozen=True, slots=True)
class Share:
    """All that a share's page shows; ``standing`` is None for who is not on duty."""

    unit: str
    periods: Sequence[Period]
    standing: Standing | None
    beside: Sequence[Beside]
    studies: Sequence[StudyLine]
    hidden: int
    credits: Sequence[WorkCredit]


def share_of(radiologist: str, *, at: datetime, scope: Scope = EVERYWHERE) -> Share:
    """Return a reader's share at a moment.

    Args:
        radiologist: whose, by id.
        at: the moment; days and weeks are the viewer's.
        scope: the sites whose studies are named; sums are over all.
    """
    view = current_view(read_versions())
    held = standings(view, at=at)
    today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    week = today - today.weekday() * _DAY
    since = held[radiologist].since if radiologist in held else today
    rows = list(_given(radiologist, min(week, since), at))
    logged = list(_credits(radiologist, min(week, since, at - _CREDITS_SHOWN), at))
    starts = [("This turn of duty", since)] if radiologist in held else []
    starts += [("Today", today), ("This week", week)]
    studies = [row for row in rows if row.assigned_at >= min(today, since)]
    seen = [row for row in studies if scope.covers(row.order.site_id)]
    return Share(
        unit=unit_of(view, at),
        periods=[_period(view, radiologist, *one, at, rows, logged) for one in starts],
        standing=held.get(radiologist),
        beside=list(_beside(view, radiologist, held, at)),
        studies=[_line(row, since) for row in seen[:_MOST_STUDIES]],
        hidden=len(studies) - len(seen),
        credits=logged,
    )


def unit_of(view: ConfigView, at: datetime) -> str:
    """Return the name of the unit in force."""
    table = view.units.in_force(timezone.localdate(at))
    return table.unit if table else PLAIN_UNIT


# -- inside -----------------------------------------------------------------------------------


def _given(radiologist: str, since: datetime, at: datetime) -> QuerySet[Assignment]:
    rows = Assignment.objects.filter(
        radiologist=radiologist, assigned_at__gte=since, assigned_at__lte=at
    )
    wanted = ("order__accession", "order__site_id", "order__held_reason")
    return (
        rows.select_related("order")
        .only(*("order_id", "state", "is_current", "end_reason", "units", "assigned_at"), *wanted)
        .order_by("-assigned_at", "-pk")
    )


def _credits(radiologist: str, since: datetime, at: datetime) -> QuerySet[WorkCredit]:
    rows = WorkCredit.objects.filter(radiologist=radiologist, end_at__gt=since)
    return rows.filter(start_at__lte=at + _DAY).order_by("-start_at", "-pk")


def _line(row: Assignment, since: datetime) -> StudyLine:
    return StudyLine(
        order_id=row.order_id,
        accession=row.order.accession,
        units=row.units,
        given_at=row.assigned_at,
        counts=row.state in COUNTS,
        why=_why(row),
        is_on_turn=row.assigned_at >= since,
    )


def _why(row: Assignment) -> str:
    if row.state == AssignmentState.HELD:
        return f"Held: {row.order.held_reason}" if row.order.held_reason else "Held"
    if row.state == AssignmentState.ENDED:
        return EndReason(row.end_reason).label
    return "Reported" if row.state == AssignmentState.COMPLETED else "Open"


def _period(
    view: ConfigView,
    radiologist: str,
    label: str,
    since: datetime,
    at: datetime,
    rows: Sequence[Assignment],
    logged: Sequence[WorkCredit],
) -> Period:
    there = view.compiled.duties.spans_of(radiologist, since, at)
    other = [Span(one.start_at, one.end_at) for one in logged]
    counted = [row for row in rows if row.assigned_at >= since and row.state in COUNTS]
    return Period(
        label=label,
        since=since,
        there=_length(there),
        counts=_length(without(there, other)),
        given=sum((row.units for row in counted), NOTHING),
        studies=len(counted),
    )


def _length(spans: Iterable[Span]) -> timedelta:
    return sum((span.end_at - span.start_at for span in spans), _NO_TIME)


def _beside(
    view: ConfigView, radiologist: str, held: Mapping[str, Standing], at: datetime
) -> Iterator[Beside]:
    standing = held.get(radiologist)
    if standing is None:
        return
    for item in view.compiled.coverage_at(at).running.values():
        if radiologist in item.people:
            together = common(chosen(held, item.people))
            yield Beside(
                code=item.shift.code,
                name=item.shift.name,
                common=together,
                ahead=together.ahead(standing),
                catch_up=view.config.balance.catch_up_units,
                is_used=goes_by_shares(item.shift.strategy),
            )
