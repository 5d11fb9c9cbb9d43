"""Who is meant to be on which run of a shift: rows and rotations, then swaps, extra turns, leave.

Who sits where is answered by the engine's own book, so that a page never shows another roster
than the one that decisions are made from. A plan can be asked "what if": ``with_changes``
exchanges records without touching the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TypeVar

from apps.engine.occurrences import Occurrence, is_zone, occurrences, occurrences_from
from apps.engine.roster import RosterBook, Stretch
from apps.engine.rota import RosterRow, ShiftFacts
from apps.engine.rotation import holds, turn_holder
from apps.roster.choices import OverrideKind, RosterStatus
from apps.roster.facts import (
    Calendars,
    RosterFacts,
    roster_facts,
    rotation_of,
    row_facts,
)
from apps.roster.hours import Span, merged
from apps.roster.models import Radiologist, RosterAssignment, RosterOverride, Shift
from apps.roster.queries.records import (
    Record,
    TakingTurns,
    covers,
    keeps_away,
    people_of,
    records_read,
)
from apps.roster.queries.turns import calendars_of, hours_of

_Record = TypeVar("_Record", RosterAssignment, RosterOverride, TakingTurns)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who is meant to be on a run, and the record that puts them there.

    ``hours`` are the parts of it that they hold, away or not; ``away`` those in which they take
    no work. ``leave`` is the record that keeps them away, None where none does.
    """

    person: Radiologist
    source: Record
    hours: Sequence[Span]
    away: Sequence[Span] = ()
    leave: RosterOverride | None = None

    @property
    def is_present(self) -> bool:
        """Return whether they take work on this run at all: active, and not away all the time."""
        return self.person.is_active and not self.is_away

    @property
    def is_away(self) -> bool:
        """Return whether they are away all the time."""
        return list(self.away) == list(self.hours)

    @property
    def by(self) -> str:
        """Return how they came to it: ``row``, ``rotation``, ``swap`` or ``extra``."""
        if isinstance(self.source, RosterOverride):
            return self.source.kind
        return "rotation" if isinstance(self.source, TakingTurns) else "row"


@dataclass(frozen=True)
class Run:
    """One run of a shift; ``start_on`` is the date on which it starts by the shift's calendar.

    ``stretches`` are who is there when, in order of time; what more there is to say of them is
    worked out when it is asked for, as a week has thousands of runs and shows a page.
    """

    shift: Shift
    start_on: date
    start_at: datetime
    end_at: datetime
    stretches: Sequence[Stretch]
    plan: Plan = field(repr=False, compare=False)

    @cached_property
    def seats(self) -> Sequence[Seat]:
        """Return who is meant to be on it and why, in order of their ids."""
        return self.plan.seats(self)

    @property
    def seated(self) -> list[str]:
        """Return the ids of those who are meant to be on it for any part, in order."""
        return sorted(
            {person for part in self.stretches for group in part[2:] for person in group}
        )

    @property
    def present(self) -> list[Seat]:
        """Return who takes work on it."""
        return [seat for seat in self.seats if seat.is_present]

    @property
    def gaps(self) -> list[Span]:
        """Return the parts in which nobody takes work."""
        return self.plan.gaps(self)

    @property
    def is_covered(self) -> bool:
        """Return whether somebody takes work on it from its start to its end."""
        return not self.gaps

    @property
    def is_meant_empty(self) -> bool:
        """Return whether the roster says that nobody shall be there."""
        return self.plan.is_meant_empty(self)

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
    rotations: Sequence[TakingTurns]
    people: Mapping[str, Radiologist]
    calendars: Calendars

    def runs_between(self, start_at: datetime, end_at: datetime) -> Iterator[Run]:
        """Yield the runs that start in the span, shift by shift, in order of their start."""
        for shift in self.shifts:
            for found in occurrences(self.facts[shift.pk], start_at, end_at):
                if start_at <= found.start_at < end_at:
                    yield self._run(shift, found)

    def runs_from(self, first_on: date, days: int) -> Iterator[Run]:
        """Yield the runs that start on these dates by each shift's own calendar."""
        for shift in self.shifts:
            for found in occurrences_from(self.facts[shift.pk], first_on, days):
                yield self._run(shift, found)

    def with_changes(self, *, without: Iterable[Record] = (), plus: Iterable[Record] = ()) -> Plan:
        """Return the plan as it would be without some stored records and with others."""
        gone = {(type(record), record.pk) for record in without}
        stored: list[Record] = [*self.rows, *self.overrides, *self.rotations]
        kept = [record for record in stored if (type(record), record.pk) not in gone]
        records = [*kept, *plus]
        return replace(
            self,
            rows=[row for row in records if isinstance(row, RosterAssignment)],
            overrides=[row for row in records if isinstance(row, RosterOverride)],
            rotations=[row for row in records if isinstance(row, TakingTurns)],
            people={**self.people, **people_of(plus)},
        )

    def seats(self, run: Run) -> list[Seat]:
        """Return who is meant to be on a run and why, in order of their ids."""
        return [self._seat(run, person) for person in run.seated]

    def gaps(self, run: Run) -> list[Span]:
        """Return the parts of a run in which nobody who is active takes work."""
        return merged(
            Span(part.start_at, part.end_at)
            for part in run.stretches
            if not any(self.people[person].is_active for person in part.people)
        )

    def is_meant_empty(self, run: Run) -> bool:
        """Return whether the run is meant to be nobody's."""
        is_wanted = run.shift.readers_wanted > 0
        return not is_wanted or self.book.is_meant_empty(self.facts[run.shift.pk], run.start_on)

    def _seat(self, run: Run, person: str) -> Seat:
        held = [part for part in run.stretches if any(person in group for group in part[2:])]
        away = [part for part in held if person not in part.people]
        records = self._seating[run.shift.pk, person]
        source = next(record for record in records if self.says(record, person, run.start_on))
        spans = [Span(part.start_at, part.end_at) for part in away]
        return Seat(
            self.people[person],
            source,
            hours=[Span(part.start_at, part.end_at) for part in held],
            away=spans,
            leave=self._leave(person, run.start_on, spans),
        )

    def _leave(self, person: str, on: date, away: Sequence[Span]) -> RosterOverride | None:
        """Return what keeps somebody away for these parts of the run of a date; leave wins."""
        if not away:
            return None
        found = [leave for leave in self._leaves[person] if keeps_away(leave, on, away)]
        return min(found, key=lambda leave: leave.kind == OverrideKind.OTHER_WORK, default=None)

    def says(self, record: Record, person: str, on: date) -> bool:
        """Return whether a record puts somebody on the run that starts on a date."""
        if isinstance(record, RosterAssignment):
            return holds(self._row_facts.get(id(record)) or row_facts(record, ""), on)
        if isinstance(record, RosterOverride):
            return covers(record, on)
        facts = self.facts[record.shift_id]
        return turn_holder(rotation_of(record.rotation, "", record.ids), facts, on) == person

    def _run(self, shift: Shift, found: Occurrence) -> Run:
        stretches = self.book.stretches(self.facts[shift.pk], found)
        return Run(shift, *found, stretches=stretches, plan=self)

    @cached_property
    def facts(self) -> Mapping[int, ShiftFacts]:
        """Return the hours of its shifts as the engine takes them, by key."""
        return {shift.pk: hours_of(shift, self.calendars) for shift in self.shifts}

    @cached_property
    def _seating(self) -> Mapping[tuple[int, str], list[Record]]:
        """Return the records that may seat somebody on a shift; overrides come last."""
        found: dict[tuple[int, str], list[Record]] = defaultdict(list)
        for row in _active(self.rows):
            found[row.shift_id, row.radiologist_id].append(row)
        for rotation in _active(self.rotations):
            for person in set(rotation.ids) - {""}:
                found[rotation.shift_id, person].append(rotation)
        for override in _active(self.overrides):
            if override.shift_id is not None:
                taker = override.taker_id or override.radiologist_id
                found[override.shift_id, taker].append(override)
        return found

    @cached_property
    def _row_facts(self) -> Mapping[int, RosterRow]:
        """Return its rows as the engine takes them, by identity: each is asked for many dates."""
        return {id(row): row_facts(row, "") for row in self.rows}

    @cached_property
    def _leaves(self) -> Mapping[str, list[RosterOverride]]:
        found: dict[str, list[RosterOverride]] = defaultdict(list)
        for override in _active(self.overrides):
            if override.shift_id is None:
                found[override.radiologist_id].append(override)
        return found

    @cached_property
    def book(self) -> RosterBook:
        """Return its records as the engine takes them."""
        codes = {shift.pk: shift.code for shift in self.shifts}
        facts: RosterFacts = roster_facts(
            rows=_active(self.rows), overrides=_active(self.overrides), codes=codes
        )
        facts.rotations += [
            rotation_of(rotation.rotation, codes[rotation.shift_id], rotation.ids)
            for rotation in _active(self.rotations)
            if rotation.shift_id in codes
        ]
        return facts.book()


def plan_of(
    shifts: Iterable[Shift],
    first_on: date,
    last_on: date,
    *,
    calendars: Calendars | None = None,
) -> Plan:
    """Read who is on some shifts on the runs that start on these dates, both included.

    The days off of calendars are read too, unless they are given.
    """
    shown = [shift for shift in shifts if is_zone(shift.time_zone)]
    found = records_read(shown, first_on, last_on)
    known = calendars_of(shown) if calendars is None else calendars
    return Plan(shown, *found, calendars=known)


def _active(records: Iterable[_Record]) -> Iterator[_Record]:
    return (record for record in records if record.status == RosterStatus.ACTIVE)
