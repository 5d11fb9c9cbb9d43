"""The records that put people on shifts or take them off, and on which days they do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, QuerySet

from apps.engine.away import pieces_of_leave
from apps.engine.occurrences import is_zone
from apps.roster.choices import RosterStatus
from apps.roster.facts import leave_facts
from apps.roster.hours import Span
from apps.roster.models import Radiologist, RosterAssignment, RosterOverride, Rotation, Shift
from apps.roster.queries.turns import days_around


@dataclass(frozen=True, slots=True)
class TakingTurns:
    """A rotation with who takes turns in it, in order; None is a turn that is nobody's.

    The people are apart from the record because a changed order need not be stored to be tried.
    """

    rotation: Rotation
    people: Sequence[Radiologist | None]

    @property
    def pk(self) -> int | None:
        """Return the rotation's key, None before it is stored."""
        return self.rotation.pk

    @property
    def shift_id(self) -> int:
        """Return the key of its shift."""
        return self.rotation.shift_id

    @property
    def shift(self) -> Shift:
        """Return its shift."""
        return self.rotation.shift

    @property
    def start_date(self) -> date:
        """Return its first day."""
        return self.rotation.start_date

    @property
    def end_date(self) -> date | None:
        """Return its last day, None where it goes on."""
        return self.rotation.end_date

    @property
    def status(self) -> str:
        """Return whether it counts."""
        return self.rotation.status

    @property
    def ids(self) -> list[str]:
        """Return the people's ids; "" is nobody."""
        return [person.pk if person else "" for person in self.people]


Record = RosterAssignment | RosterOverride | TakingTurns


class NamedPeople(NamedTuple):
    """Stored records with the people whom they name, by id."""

    rows: Sequence[RosterAssignment]
    overrides: Sequence[RosterOverride]
    rotations: Sequence[TakingTurns]
    people: Mapping[str, Radiologist]


def records_read(shown: Sequence[Shift], first_on: date, last_on: date) -> NamedPeople:
    """Read what says who is on some shifts on these dates, and each person once: four queries."""
    rows = (
        RosterAssignment.objects.filter(shift__in=shown, status=RosterStatus.ACTIVE)
        .filter(within(first_on, last_on))
        .order_by("pk")
    )
    # Hours away are those of another zone's dates, and a night's lie on the date after.
    hours_away = Q(shift=None, start_local__isnull=False)
    dates = within(first_on, last_on) | (within(*days_around(first_on, last_on)) & hours_away)
    overrides = (
        RosterOverride.objects.filter(Q(shift__in=shown) | Q(shift=None))
        .filter(dates, status=RosterStatus.ACTIVE)
        .order_by("pk")
    )
    rotations = (
        Rotation.objects.filter(within(first_on, last_on), shift__in=shown)
        .filter(status=RosterStatus.ACTIVE)
        .order_by("pk")
    )
    return _with_people(rows, overrides, rotations)


def _with_people(
    rows: QuerySet[RosterAssignment],
    overrides: QuerySet[RosterOverride],
    rotations: QuerySet[Rotation],
) -> NamedPeople:
    is_turn = Q(turns__isnull=False)
    in_turn = ArrayAgg("turns__radiologist", filter=is_turn, order_by="turns__position")
    turning = rotations.select_related("shift").annotate(in_turn=in_turn)
    ids = {rotation: rotation.in_turn or [] for rotation in turning}
    found_rows, found_overrides = list(rows), list(overrides)
    named = {row.radiologist_id for row in found_rows}
    named |= {one.radiologist_id for one in found_overrides}
    named |= {one.taker_id for one in found_overrides if one.taker_id is not None}
    named |= {person for taking in ids.values() for person in taking if person is not None}
    people = Radiologist.objects.in_bulk(named)
    for override in found_overrides:
        override.radiologist = people[override.radiologist_id]
        override.taker = people[override.taker_id] if override.taker_id is not None else None
    taken = [
        TakingTurns(rotation, [people.get(person) for person in taking])
        for rotation, taking in ids.items()
    ]
    return NamedPeople(found_rows, found_overrides, taken, people)


def within(first_on: date, last_on: date) -> Q:
    """Return the condition under which a record's dates share a day with these, both included."""
    is_open = Q(end_date=None) | Q(end_date__gte=first_on)
    return is_open & Q(start_date__lte=last_on)


def covers(record: Record, on: date) -> bool:
    """Return whether a record's dates, both included, hold a date; its weekdays do not count."""
    return record.start_date <= on and (record.end_date is None or on <= record.end_date)


def keeps_away(leave: RosterOverride, on: date, spans: Iterable[Span]) -> bool:
    """Return whether leave or other work takes some of these parts of the run of a date."""
    if not leave.is_partial or not is_zone(leave.time_zone):
        return covers(leave, on)
    pieces = list(pieces_of_leave(leave_facts(leave), *days_around(on, on)))
    return any(
        piece.start_at < span.end_at and span.start_at < piece.end_at
        for span in spans
        for piece in pieces
    )


def people_of(records: Iterable[Record]) -> dict[str, Radiologist]:
    """Return the people whom records name, by id."""
    people: dict[str, Radiologist] = {}
    for record in records:
        if isinstance(record, TakingTurns):
            people |= {person.pk: person for person in record.people if person}
            continue
        people[record.radiologist_id] = record.radiologist
        if isinstance(record, RosterOverride) and record.taker is not None:
            people[record.taker.pk] = record.taker
    return people
