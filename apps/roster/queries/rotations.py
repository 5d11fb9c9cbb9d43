"""Rotations as a list, and whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from apps.audit.queries.history import Subject
from apps.catalog.queries.holidays import days_off
from apps.core.access import Scope
from apps.engine.rota import RotationFacts, RotationUnit, ShiftFacts
from apps.engine.rotation import run_days, turn_holder
from apps.roster.choices import RosterStatus
from apps.roster.facts import rotation_of
from apps.roster.models import Radiologist, Rotation, Shift
from apps.roster.queries.places import changed_shifts, seen_shifts
from apps.roster.queries.records import TakingTurns
from apps.roster.queries.roster import RowFilter, naming, sorted_by, spanning
from apps.roster.queries.turns import hours_of

_SORTS: Mapping[str, str] = {
    "shift": "shift__code",
    "name": "name",
    "from": "start_date",
    "to": "end_date",
    "status": "status",
}
DEFAULT_SORT = "shift"
_DAY = timedelta(days=1)
_WEEK = 7
_SOUGHT = 800
"""Days within which the next turn is looked for; a turn of more runs than that has none."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn a day is; None is nobody's."""

    on: date
    person: Radiologist | None


@dataclass(frozen=True, slots=True)
class RotationRow:
    """A rotation as the list shows it; no turn where it does not hold or has not begun."""

    taking: TakingTurns
    now: Turn | None
    next: Turn | None


def rotations(
    wanted: RowFilter, scope: Scope, *, today: date, sort: str = DEFAULT_SORT
) -> QuerySet[Rotation]:
    """Return rotations, sorted by a key of the list's columns, ``-`` before it for down."""
    shifts = seen_shifts(scope).values("pk")
    found = Rotation.objects.filter(spanning(wanted.span, today), shift__in=shifts)
    if wanted.words:
        named = Rotation.objects.filter(naming("turns__radiologist", wanted.words))
        found = found.filter(
            Q(name__icontains=wanted.words)
            | Q(shift__code__icontains=wanted.words)
            | Q(shift__name__icontains=wanted.words)
            | Q(pk__in=named.values("pk"))
        )
    return sorted_by(with_turns(found), _SORTS, sort)


def with_turns(found: QuerySet[Rotation]) -> QuerySet[Rotation]:
    """Return rotations with their shift and who takes turns."""
    return found.select_related("shift__calendar").prefetch_related("turns__radiologist")


def known_sort(asked: str) -> str:
    """Return the sort asked for, or the default where there is no such column."""
    return asked if asked.removeprefix("-") in _SORTS else DEFAULT_SORT


def changed_rotations(scope: Scope) -> QuerySet[Rotation]:
    """Return the rotations that may be changed."""
    return with_turns(Rotation.objects.filter(shift__in=changed_shifts(scope).values("pk")))


def subject_of(rotation: Rotation) -> Subject:
    """Return whose history the rotation's page shows."""
    return Subject("roster_rotation", str(rotation.pk), {"roster_rotationturn": "rotation_id"})


def people_in(rotation: Rotation) -> list[Radiologist | None]:
    """Return who takes turns, in order; None is nobody's turn."""
    turns = sorted(rotation.turns.all(), key=lambda turn: turn.position)
    return [turn.radiologist for turn in turns]


def taking_turns(rotation: Rotation) -> TakingTurns:
    """Return a stored rotation with who takes turns in it."""
    return TakingTurns(rotation, people_in(rotation))


def rows_of(found: Sequence[Rotation], today: date) -> list[RotationRow]:
    """Return rotations with whose turn it is on a day, and who comes next."""
    has_calendar = any(rotation.shift.calendar_id for rotation in found)
    calendars = days_off() if has_calendar else {}
    return [
        _row(taking_turns(rotation), hours_of(rotation.shift, calendars), today)
        for rotation in found
    ]


def _row(taking: TakingTurns, shift: ShiftFacts, today: date) -> RotationRow:
    if taking.status != RosterStatus.ACTIVE or not taking.people:
        return RotationRow(taking, None, None)
    facts = rotation_of(taking.rotation, shift.code, taking.ids)
    next_on = next_turn_on(facts, shift, today)
    following = _turn(taking, facts, shift, next_on) if next_on else None
    return RotationRow(taking, _turn(taking, facts, shift, today), following)


def _turn(taking: TakingTurns, facts: RotationFacts, shift: ShiftFacts, on: date) -> Turn | None:
    holder = turn_holder(facts, shift, on)
    if holder is None:
        return None
    return Turn(on, next((one for one in taking.people if one and one.pk == holder), None))


def next_turn_on(rotation: RotationFacts, shift: ShiftFacts, after: date) -> date | None:
    """Return the first day after a date on which another turn begins, None without one."""
    if after < rotation.start_on:
        return rotation.start_on
    current = turn_number(rotation, shift, after)
    for ahead in range(1, _SOUGHT):
        on = after + ahead * _DAY
        if rotation.end_on is not None and on > rotation.end_on:
            return None
        if turn_number(rotation, shift, on) != current:
            return on
    return None


def turn_number(rotation: RotationFacts, shift: ShiftFacts, on: date) -> int:
    """Return how many turns of a rotation have passed on a day from its start on."""
    days = (on - rotation.start_on).days
    passed = {
        RotationUnit.WEEKS: days // _WEEK,
        RotationUnit.DAYS: days,
    }.get(rotation.unit)
    if passed is None:
        passed = run_days(shift, rotation.start_on, on, rotation.weekdays)
    return passed // max(rotation.length, 1)


def from_turn(taking: TakingTurns, shift: Shift, on: date) -> list[Radiologist | None]:
    """Return who takes turns, beginning with whoever has the turn of a day."""
    facts = rotation_of(taking.rotation, shift.code, taking.ids)
    people = list(taking.people)
    first = turn_number(facts, hours_of(shift), on) % len(people) if people else 0
    return people[first:] + people[:first]
