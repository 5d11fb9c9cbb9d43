"""Makes the planner's problem of a draft from the records as they are now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from django.db.models import Q

from apps.roster.choices import RosterStatus
from apps.roster.models import (
    DraftTurn,
    PlannedGap,
    Radiologist,
    RosterAssignment,
    RosterDraft,
    RosterOverride,
    Rotation,
    Shift,
)
from apps.roster.planning.facts import Bar, Demand, Person, Problem, Seat, Turn
from apps.roster.planning.wishes import Wishes
from apps.roster.queries.competence import with_competencies
from apps.roster.queries.drafting.bars import barred_of
from apps.roster.queries.drafting.turns import Manned, RunKey, manned_runs
from apps.roster.queries.plan import Plan, plan_of
from apps.roster.queries.records import covers, within

AROUND = timedelta(days=14)
"""Turns this long before and after the period count for rest, rows of days and weeks."""
_WEEK_DAYS = 7


@dataclass(frozen=True)
class Posed:
    """A problem with the records behind it: shifts by key, people in the problem's order."""

    problem: Problem
    shifts: Mapping[int, Shift]
    people: Sequence[Radiologist]

    def demand_at(self, key: RunKey) -> int | None:
        """Return the place of the demand of a run, None where it is none."""
        return self._places.get(key)

    @cached_property
    def _places(self) -> Mapping[RunKey, int]:
        return {
            RunKey(demand.turn.shift, demand.turn.on): place
            for place, demand in enumerate(self.problem.demands)
        }

    def seats(self, turns: Iterable[DraftTurn]) -> frozenset[Seat]:
        """Return draft turns as seats; what is no longer of the problem is left out."""
        places = self._places
        people = {person.pk: place for place, person in enumerate(self.people)}
        return frozenset(
            Seat(people[turn.radiologist_id], places[RunKey(turn.shift_id, turn.on)])
            for turn in turns
            if turn.radiologist_id in people and RunKey(turn.shift_id, turn.on) in places
        )


def pose(
    draft: RosterDraft,
    *,
    only: Collection[str] | None = None,
    judged: bool = True,
    turns: Iterable[DraftTurn] | None = None,
) -> Posed:
    """Return the problem of a draft as it stands now.

    Args:
        draft: with its period and wishes.
        only: these people alone, by id; None is all of the draft.
        judged: whether it is asked who may read what; without it only who is away is barred.
        turns: the draft's, where the caller has read them.
    """
    wishes = Wishes.read(draft.wishes)
    people = people_of(wishes, only, judged=judged)
    shifts = shifts_of(wishes)
    plan = _plan(draft, wishes, shifts, people)
    runs = manned_runs(plan, draft.start_date - AROUND, draft.end_date + AROUND)
    demands = _demands(draft, wishes, shifts, plan, runs)
    asked = shifts if judged else ()
    barred = barred_of(people, asked, demands, plan, reads_all=wishes.reads_all)
    held = _held(runs.values())
    problem = Problem(
        demands,
        tuple(
            _person(person, draft, wishes, barred[person.pk], held[person.pk], plan)
            for person in people
        ),
        wishes.rules,
        wishes.weights,
    )
    posed = Posed(problem, {shift.pk: shift for shift in shifts}, people)
    known = draft.turns.filter(is_fixed=True) if turns is None else turns
    fixed = posed.seats(turn for turn in known if turn.is_fixed)
    return Posed(replace(problem, fixed=fixed), posed.shifts, people)


def shifts_of(wishes: Wishes) -> list[Shift]:
    """Return the shifts that a draft fills, by code; those switched off are left out."""
    found = Shift.objects.filter(pk__in=wishes.shifts, is_active=True).select_related("calendar")
    return list(found.prefetch_related("work_types").order_by("code"))


def people_of(
    wishes: Wishes, only: Collection[str] | None = None, *, judged: bool = True
) -> list[Radiologist]:
    """Return the people of a draft, by id; those switched off are left out."""
    found = Radiologist.objects.filter(pk__in=wishes.people, is_active=True)
    if only is not None:
        found = found.filter(pk__in=only)
    return list((with_competencies(found) if judged else found).order_by("pk"))


def _plan(
    draft: RosterDraft, wishes: Wishes, shifts: Sequence[Shift], people: Sequence[Radiologist]
) -> Plan:
    first_on, last_on = draft.start_date - AROUND, draft.end_date + AROUND
    concerned = {shift.pk: shift for shift in shifts}
    if wishes.others_count:
        others = Shift.objects.filter(is_active=True).select_related("calendar")
        held = _held_shifts([person.pk for person in people], first_on, last_on)
        concerned |= {shift.pk: shift for shift in others.filter(pk__in=held)}
    return plan_of(concerned.values(), first_on, last_on)


def _held_shifts(people: Sequence[str], first_on: date, last_on: date) -> set[int]:
    """Return the shifts that people may be on."""
    during = within(first_on, last_on)
    rows = RosterAssignment.objects.filter(
        during, radiologist__in=people, status=RosterStatus.ACTIVE
    )
    overrides = RosterOverride.objects.filter(
        during,
        Q(radiologist__in=people) | Q(taker__in=people),
        shift__isnull=False,
        status=RosterStatus.ACTIVE,
    )
    rotations = Rotation.objects.filter(
        during, turns__radiologist__in=people, status=RosterStatus.ACTIVE
    )
    kinds = [kind.order_by().values_list("shift") for kind in (rows, overrides, rotations)]
    return {key for (key,) in kinds[0].union(*kinds[1:])}


def _demands(
    draft: RosterDraft,
    wishes: Wishes,
    shifts: Sequence[Shift],
    plan: Plan,
    runs: Mapping[RunKey, Manned],
) -> tuple[Demand, ...]:
    wanted = {shift.pk: wishes.readers.get(shift.pk, shift.readers_wanted) for shift in shifts}
    empty = _meant_empty(draft, shifts, plan)
    found = [
        Demand(run.turn, 0 if key in empty else wanted[key.shift])
        for key, run in runs.items()
        if key.shift in wanted and draft.start_date <= key.on <= draft.end_date
    ]
    return tuple(sorted(found, key=lambda one: (one.turn.start_at, one.turn.shift)))


def _meant_empty(draft: RosterDraft, shifts: Sequence[Shift], plan: Plan) -> set[RunKey]:
    """Return the runs that are meant to be nobody's, by a rotation or a planned gap."""
    gaps = defaultdict(list)
    planned = PlannedGap.objects.filter(within(draft.start_date, draft.end_date))
    for gap in planned.filter(shift__in=shifts):
        gaps[gap.shift_id].append(gap)
    ours = {shift.pk for shift in shifts}
    days = (draft.end_date - draft.start_date).days + 1
    return {
        RunKey(run.shift.pk, run.start_on)
        for run in plan.runs_from(draft.start_date, days)
        if run.shift.pk in ours
        and (
            any(_leaves_empty(gap, run.start_on) for gap in gaps[run.shift.pk])
            or (run.shift.readers_wanted > 0 and run.is_meant_empty)
        )
    }


def _leaves_empty(gap: PlannedGap, on: date) -> bool:
    is_within = gap.start_date <= on and (gap.end_date is None or on <= gap.end_date)
    return is_within and (not gap.weekdays or on.isoweekday() in gap.weekdays)


def _held(runs: Iterable[Manned]) -> Mapping[str, list[Turn]]:
    found: dict[str, list[Turn]] = defaultdict(list)
    for run in runs:
        for person, turn in run.people.items():
            found[person].append(turn)
    return found


def _person(
    person: Radiologist,
    draft: RosterDraft,
    wishes: Wishes,
    barred: Mapping[int, Bar],
    held: Sequence[Turn],
    plan: Plan,
) -> Person:
    rest_hours = max(float(person.min_rest_hours or 0), float(wishes.rest_hours or 0))
    off, on = (
        frozenset().union(
            *(
                wish.days()
                for wish in wishes.days_wished
                if wish.person == person.pk and wish.is_off is is_off
            )
        )
        for is_off in (True, False)
    )
    return Person(
        person.pk,
        rest_minutes=round(rest_hours * 60),
        target_minutes=_target(person, draft, plan),
        barred=barred,
        held=tuple(sorted(held, key=lambda turn: (turn.start_at, turn.shift))),
        days_off_wished=off,
        days_on_wished=on,
    )


def _target(person: Radiologist, draft: RosterDraft, plan: Plan) -> int | None:
    """Return the minutes somebody shall work in the period, days of leave left out."""
    if person.target_hours_per_week is None:
        return None
    days = [
        draft.start_date + timedelta(days=ahead)
        for ahead in range((draft.end_date - draft.start_date).days + 1)
    ]
    leaves = [
        leave
        for leave in plan.overrides
        if leave.shift_id is None and leave.radiologist_id == person.pk and not leave.is_partial
    ]
    present = sum(not any(covers(leave, on) for leave in leaves) for on in days)
    return round(float(person.target_hours_per_week) * 60 * present / _WEEK_DAYS)
