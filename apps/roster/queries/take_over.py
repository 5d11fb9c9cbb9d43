"""The turns that somebody who falls ill leaves behind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Q

from apps.core.access import Scope
from apps.engine.occurrences import is_zone, local_date
from apps.roster.choices import RosterStatus
from apps.roster.hours import Span, merged
from apps.roster.models import Radiologist, RosterOverride, Shift
from apps.roster.queries.places import changed_people, changed_shifts
from apps.roster.queries.plan import Plan, Run, plan_of
from apps.roster.queries.records import within

LONGEST = timedelta(days=92)
"""How far ahead somebody's turns are handed over at once."""
# A run under way started up to two local days ago.
_AROUND = timedelta(days=2)


class Until(StrEnum):
    """For how long somebody is away."""

    TURN = "turn"
    TODAY = "today"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Period:
    """From when and until when somebody is away; ``zone`` says what today is.

    ``from_on`` None is from ``at`` on; ``until_on`` counts where ``until`` is a date, and is
    included.
    """

    at: datetime
    zone: str
    until: Until = Until.TURN
    from_on: date | None = None
    until_on: date | None = None

    @property
    def today(self) -> date:
        """Return the date of now."""
        return local_date(self.at, self.zone)

    @property
    def first_on(self) -> date:
        """Return the first date."""
        return self.from_on or self.today

    @property
    def last_on(self) -> date:
        """Return the last date, included."""
        if self.until is not Until.DATE or self.until_on is None:
            return self.first_on
        return min(max(self.until_on, self.first_on), self.first_on + LONGEST)

    def holds(self, run: Run) -> bool:
        """Return whether a run is one of those to be handed over."""
        if run.end_at <= self.at:
            return False
        if self.from_on is not None:
            return self.first_on <= run.start_on <= self.last_on
        if self.until is Until.TURN:
            return run.start_at <= self.at
        return run.start_on <= self.last_on


@dataclass(frozen=True)
class Turns:
    """The runs of one shift in the period, and the parts of each that are the ill person's.

    ``spans`` go with ``runs`` one by one; empty where the run is not theirs. ``may_change`` says
    whether the viewer may put somebody else there.
    """

    shift: Shift
    runs: Sequence[Run]
    spans: Sequence[Sequence[Span]]
    may_change: bool

    @property
    def own(self) -> list[tuple[Run, Sequence[Span]]]:
        """Return the runs that are the ill person's for some part."""
        return [(run, spans) for run, spans in zip(self.runs, self.spans, strict=True) if spans]

    @property
    def first(self) -> tuple[Run, Span]:
        """Return the first of them with its first part."""
        run, spans = self.own[0]
        return run, spans[0]


@dataclass(frozen=True)
class Left:
    """What somebody leaves behind: their turns by shift, in order of their codes.

    ``may_send_away`` says whether the viewer may enter leave for them. ``is_under_way`` is
    whether one of their turns is.
    """

    person: Radiologist
    period: Period
    turns: Sequence[Turns]
    may_send_away: bool
    plan: Plan = field(repr=False)
    is_under_way: bool

    @property
    def first_on(self) -> date:
        """Return the first date whose runs were looked at: one under way may have begun then."""
        return self.period.today - _AROUND

    @property
    def end_at(self) -> datetime | None:
        """Return when the last part of the turns that start by the first day is over."""
        ends = [
            spans[-1].end_at
            for turns in self.turns
            for run, spans in turns.own
            if run.start_on <= self.period.first_on
        ]
        return max(ends, default=None)


def left_by(person: Radiologist, period: Period, *, scope: Scope) -> Left:
    """Return the turns that somebody leaves behind in the period.

    Args:
        person: who is ill.
        period: from when and until when.
        scope: where the viewer may change rosters.
    """
    first_on, last_on = period.today - _AROUND, period.last_on
    shifts = list(_shifts_of(person, first_on, last_on))
    changeable = set(
        changed_shifts(scope)
        .filter(pk__in=[one.pk for one in shifts])
        .values_list("pk", flat=True)
    )
    plan = plan_of(shifts, first_on, last_on)
    found: dict[int, list[Run]] = {}
    under_way = False
    for run in plan.runs_from(first_on, (last_on - first_on).days + 1):
        under_way |= run.start_at <= period.at < run.end_at and bool(_spans(run, person, period))
        if period.holds(run):
            found.setdefault(run.shift.pk, []).append(run)
    turns = [
        Turns(
            shift,
            found[shift.pk],
            [_spans(run, person, period) for run in found[shift.pk]],
            may_change=shift.pk in changeable,
        )
        for shift in shifts
        if shift.pk in found
    ]
    return Left(
        person,
        period,
        [one for one in turns if one.own],
        may_send_away=changed_people(scope).filter(pk=person.pk).exists(),
        plan=plan,
        is_under_way=under_way,
    )


def _shifts_of(person: Radiologist, first_on: date, last_on: date) -> Iterable[Shift]:
    """Return the active shifts that somebody may be on, by row, rotation or override."""
    dates, active = within(first_on, last_on), RosterStatus.ACTIVE
    rows = person.roster.filter(dates, status=active).values("shift")
    turns = person.rotation_turns.filter(rotation__status=active).values("rotation__shift")
    named = RosterOverride.objects.filter(
        dates, Q(radiologist=person) | Q(taker=person), status=active
    ).values("shift")
    wanted = Q(pk__in=rows) | Q(pk__in=turns) | Q(pk__in=named)
    found = Shift.objects.filter(wanted, is_active=True).select_related("calendar")
    return (shift for shift in found.order_by("code") if is_zone(shift.time_zone))


def _spans(run: Run, person: Radiologist, period: Period) -> list[Span]:
    """Return the parts of a run, not over yet, in which somebody takes work on it."""
    begins_at = period.at if period.from_on is None else run.start_at
    return merged(
        Span(max(part.start_at, begins_at), part.end_at)
        for part in run.stretches
        if person.pk in part.people and part.end_at > begins_at
    )
