"""Who is meant to be on which run of a shift: roster rows, then swaps, extra turns and leave.

Who sits where is answered by the engine's own book, so that a page never shows another roster
than the one that decisions are made from. A plan can be asked "what if": ``with_changes``
exchanges rows without touching the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TypeVar

from django.db.models import Q

from apps.engine.compiled import is_zone
from apps.engine.coverage import RosterBook
from apps.engine.facts import Config, LeaveFacts, RosterRow, SwapFacts
from apps.engine.occurrences import Occurrence, occurrences, occurrences_from
from apps.roster.choices import OverrideKind, RosterStatus
from apps.roster.models import Radiologist, RosterAssignment, RosterOverride, Shift
from apps.roster.queries.turns import hours_of

Record = RosterAssignment | RosterOverride
_Record = TypeVar("_Record", RosterAssignment, RosterOverride)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who is meant to be on a run, and the record that puts them there.

    ``leave`` is the leave that keeps them away, None where none does.
    """

    person: Radiologist
    source: Record
    leave: RosterOverride | None = None

    @property
    def is_present(self) -> bool:
        """Return whether they take work on this run: active and not on leave."""
        return self.leave is None and self.person.is_active

    @property
    def by(self) -> str:
        """Return how they came to it: ``row``, ``swap`` or ``extra``."""
        return self.source.kind if isinstance(self.source, RosterOverride) else "row"


@dataclass(frozen=True)
class Run:
    """One run of a shift; ``start_on`` is the date on which it starts by the shift's calendar.

    ``seated`` are the ids of those who are meant to be on it, in order; what is more to say of
    them is worked out when it is asked for, as a week has thousands of runs and shows a page.
    """

    shift: Shift
    start_on: date
    start_at: datetime
    end_at: datetime
    seated: Sequence[str]
    plan: Plan = field(repr=False, compare=False)

    @cached_property
    def seats(self) -> Sequence[Seat]:
        """Return who is meant to be on it and why, in order of their ids."""
        return [self.plan.seat(self.shift, person, self.start_on) for person in self.seated]

    @property
    def present(self) -> list[Seat]:
        """Return who takes work on it."""
        return [seat for seat in self.seats if seat.is_present]

    @property
    def is_covered(self) -> bool:
        """Return whether anybody takes work on it."""
        return any(self.plan.is_there(person, self.start_on) for person in self.seated)

    @property
    def length(self) -> timedelta:
        """Return how long it lasts, a change of the clocks counted."""
        return self.end_at - self.start_at

    @property
    def usual_length(self) -> timedelta:
        """Return how long it lasts where no clock changes."""
        start, end = self.shift.start_local, self.shift.end_local
        span = datetime.combine(date.min, end) - datetime.combine(date.min, start)
        return span if span > timedelta() else span + _DAY


@dataclass(frozen=True)
class Plan:
    """The records that say who is on some shifts on some days; people are by id."""

    shifts: Sequence[Shift]
    rows: Sequence[RosterAssignment]
    overrides: Sequence[RosterOverride]
    people: Mapping[str, Radiologist]

    def runs_between(self, start_at: datetime, end_at: datetime) -> Iterator[Run]:
        """Yield the runs that start in the span, shift by shift, in order of their start."""
        for shift in self.shifts:
            for found in occurrences(hours_of(shift), start_at, end_at):
                if start_at <= found.start_at < end_at:
                    yield self._run(shift, found)

    def runs_from(self, first_on: date, days: int) -> Iterator[Run]:
        """Yield the runs that start on these dates by each shift's own calendar."""
        for shift in self.shifts:
            for found in occurrences_from(hours_of(shift), first_on, days):
                yield self._run(shift, found)

    def with_changes(self, *, without: Iterable[Record] = (), plus: Iterable[Record] = ()) -> Plan:
        """Return the plan as it would be without some stored records and with others."""
        gone = {(type(record), record.pk) for record in without}
        kept = [row for row in (*self.rows, *self.overrides) if (type(row), row.pk) not in gone]
        records = [*kept, *plus]
        return replace(
            self,
            rows=[row for row in records if isinstance(row, RosterAssignment)],
            overrides=[row for row in records if isinstance(row, RosterOverride)],
            people={**self.people, **_people_of(plus)},
        )

    def seat(self, shift: Shift, person: str, on: date) -> Seat:
        """Return why somebody whom a run holds is meant to be on it."""
        records = self._seating[shift.pk, person]
        source = next(record for record in records if covers(record, on))
        leaves = (leave for leave in self._leaves.get(person, ()) if covers(leave, on))
        return Seat(self.people[person], source, next(leaves, None))

    def is_there(self, person: str, on: date) -> bool:
        """Return whether somebody is active and not on leave."""
        leaves = self._leaves.get(person, ())
        return self.people[person].is_active and not any(covers(leave, on) for leave in leaves)

    def _run(self, shift: Shift, found: Occurrence) -> Run:
        seated = sorted(self._book.people(shift.code, found.start_on))
        return Run(shift, *found, seated=seated, plan=self)

    @cached_property
    def _seating(self) -> Mapping[tuple[int, str], list[Record]]:
        """Return the records that may seat somebody on a shift; rows before overrides."""
        found: dict[tuple[int, str], list[Record]] = defaultdict(list)
        for row in _active(self.rows):
            found[row.shift_id, row.radiologist_id].append(row)
        for override in _active(self.overrides):
            if override.shift_id is not None:
                taker = override.taker_id or override.radiologist_id
                found[override.shift_id, taker].append(override)
        return found

    @cached_property
    def _leaves(self) -> Mapping[str, list[RosterOverride]]:
        found: dict[str, list[RosterOverride]] = defaultdict(list)
        for override in _active(self.overrides):
            if override.kind == OverrideKind.LEAVE:
                found[override.radiologist_id].append(override)
        return found

    @cached_property
    def _book(self) -> RosterBook:
        codes = {shift.pk: shift.code for shift in self.shifts}
        rows = [row for row in _active(self.rows) if row.shift_id in codes]
        named = [row for row in _active(self.overrides) if row.shift_id in codes]
        leaves = [leave for leaves in self._leaves.values() for leave in leaves]
        return RosterBook(
            Config(
                versions={},
                sites=(),
                shifts=(),
                radiologists=(),
                rules=(),
                roster=tuple(_row_facts(row, codes) for row in rows),
                extras=tuple(
                    _row_facts(row, codes) for row in named if row.kind == OverrideKind.EXTRA
                ),
                swaps=tuple(
                    _swap_facts(row, codes) for row in named if row.kind == OverrideKind.SWAP
                ),
                leaves=tuple(
                    LeaveFacts(row.radiologist_id, row.start_date, row.end_date) for row in leaves
                ),
            )
        )


def plan_of(shifts: Iterable[Shift], first_on: date, last_on: date) -> Plan:
    """Read who is on some shifts on the runs that start on these dates, both included."""
    shown = [shift for shift in shifts if is_zone(shift.time_zone)]
    rows = list(
        RosterAssignment.objects.filter(shift__in=shown, status=RosterStatus.ACTIVE)
        .filter(within(first_on, last_on))
        .order_by("pk")
    )
    overrides = list(
        RosterOverride.objects.filter(Q(shift__in=shown) | Q(shift=None))
        .filter(within(first_on, last_on), status=RosterStatus.ACTIVE)
        .select_related("radiologist", "taker")
        .order_by("pk")
    )
    # Each person once, not once for each of their rows.
    people = Radiologist.objects.in_bulk({row.radiologist_id for row in rows})
    return Plan(shown, rows, overrides, {**_people_of(overrides), **people})


def within(first_on: date, last_on: date) -> Q:
    """Return the condition under which a record's dates share a day with these, both included."""
    is_open = Q(end_date=None) | Q(end_date__gte=first_on)
    return is_open & Q(start_date__lte=last_on)


def covers(record: Record, on: date) -> bool:
    """Return whether a record's dates, both included, hold a date."""
    return record.start_date <= on and (record.end_date is None or on <= record.end_date)


def _people_of(records: Iterable[Record]) -> dict[str, Radiologist]:
    people: dict[str, Radiologist] = {}
    for record in records:
        people[record.radiologist_id] = record.radiologist
        if isinstance(record, RosterOverride) and record.taker is not None:
            people[record.taker.pk] = record.taker
    return people


def _row_facts(row: Record, codes: Mapping[int, str]) -> RosterRow:
    return RosterRow(_code(row, codes), row.radiologist_id, row.start_date, row.end_date)


def _swap_facts(row: RosterOverride, codes: Mapping[int, str]) -> SwapFacts:
    taker = row.taker_id or ""
    return SwapFacts(_code(row, codes), row.radiologist_id, taker, row.start_date, row.end_date)


def _code(row: Record, codes: Mapping[int, str]) -> str:
    return codes[row.shift_id] if row.shift_id is not None else ""


def _active(records: Iterable[_Record]) -> Iterator[_Record]:
    return (record for record in records if record.status == RosterStatus.ACTIVE)
