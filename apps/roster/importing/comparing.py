"""Compares turns with the rows that came from the same source before.

Rows are what is stored, turns what they mean; so both are compared as sets of dates for each
shift and person, and rows are only then made of what shall be. What lies outside of the window
stays as it is, and so does what another row, a person's or another source's, says already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from apps.engine.rotation import holds
from apps.roster.choices import OverrideKind, RosterStatus
from apps.roster.facts import row_facts
from apps.roster.importing.entries import Problem
from apps.roster.importing.plans import Dates, PlannedRow
from apps.roster.importing.turns import Resolver, Turn, Turns
from apps.roster.models import RosterAssignment, RosterOverride, RosterSource
from apps.roster.queries.records import within

_DAY = timedelta(days=1)
Pair = tuple[int, str]


@dataclass(slots=True)
class Compared:
    """What would be written, and what it comes to in turns."""

    rows: list[PlannedRow] = field(default_factory=list)
    added: set[Turn] = field(default_factory=set)
    removed: int = 0
    same: int = 0
    held: int = 0
    kept: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Stored:
    """Active rows in the window by shift and person: the source's own, and everybody else's."""

    own: Mapping[Pair, Sequence[RosterAssignment]]
    other: Mapping[Pair, Sequence[RosterAssignment]]
    extras: Mapping[Turn, int]


def compare(source: RosterSource, turns: Turns, resolver: Resolver) -> Compared:
    """Return what would have to be written so that the source's rows say what it says now."""
    stored = _stored(source, resolver)
    compared = Compared()
    wanted = _by_pair([*turns.found])
    for pair in sorted({*wanted, *stored.own}):
        _Pairing(pair, stored, turns, resolver, compared, source).run(wanted.get(pair, set()))
    _compare_extras(source, stored, turns, compared)
    return compared


def _stored(source: RosterSource, resolver: Resolver) -> _Stored:
    window, shifts = resolver.window, resolver.known.shifts.records
    active = RosterAssignment.objects.filter(
        within(window.first_on, window.last_on), shift__in=[*shifts], status=RosterStatus.ACTIVE
    )
    own: defaultdict[Pair, list[RosterAssignment]] = defaultdict(list)
    other: defaultdict[Pair, list[RosterAssignment]] = defaultdict(list)
    for row in active.order_by("start_date", "pk"):
        side = own if row.source_id == source.pk else other
        side[row.shift_id, row.radiologist_id].append(row)
    return _Stored(own, other, _extras(source, resolver))


def _extras(source: RosterSource, resolver: Resolver) -> Mapping[Turn, int]:
    """Return the source's turns in part, by what they are; those over several days are a person's."""
    window, shifts = resolver.window, resolver.known.shifts.records
    rows = RosterOverride.objects.filter(
        within(window.first_on, window.last_on),
        kind=OverrideKind.EXTRA,
        status=RosterStatus.ACTIVE,
        source=source,
        shift__in=[*shifts],
    )
    found = {}
    for row in rows.order_by("pk"):
        shift = shifts.get(row.shift_id or 0)
        if shift is None or row.start_date != row.end_date or row.start_local is None:
            continue
        if row.start_date >= window.first_of(shift.time_zone):
            turn = (shift.pk, row.radiologist_id, row.start_date, row.start_local, row.end_local)
            found[Turn(*turn)] = row.pk
    return found


@dataclass(frozen=True)
class _Pairing:
    """One shift and person."""

    pair: Pair
    stored: _Stored
    turns: Turns
    resolver: Resolver
    compared: Compared
    source: RosterSource

    def run(self, wanted: set[date]) -> None:
        """Compare the dates that are wanted with those that there are."""
        rows = self.stored.own.get(self.pair, ())
        wanted = self._not_held(wanted)
        there = {on for row in rows for on in self._dates_of(row)}
        kept = {on for on in there - wanted if self._stays(on)}
        target = wanted | kept
        self.compared.kept += len(kept)
        self.compared.same += len(there & wanted)
        self.compared.added |= {Turn(*self.pair, on) for on in target - there}
        self.compared.removed += len(there - target)
        if target != there:
            self.compared.rows += self._rewritten(rows, target)

    @property
    def first_on(self) -> date:
        """Return the first date that counts on the shift's calendar."""
        return self.resolver.window.first_of(self.shift_zone)

    @property
    def shift_zone(self) -> str:
        """Return the shift's zone."""
        zone: str = self.resolver.known.shifts.records[self.pair[0]].time_zone
        return zone

    def _not_held(self, wanted: set[date]) -> set[date]:
        """Return the dates that no other row says, or stands in the way of."""
        left = set(wanted)
        for row in self.stored.other.get(self.pair, ()):
            between = {on for on in left if _spans(row, on)}
            held = {on for on in between if holds(row_facts(row, ""), on)}
            self.compared.held += len(held)
            left -= between
            if between - held:
                self.compared.problems.append(_in_the_way(row, min(between - held)))
        return left

    def _dates_of(self, row: RosterAssignment) -> Iterator[date]:
        """Yield the dates in the window on which a row puts its person on a run."""
        facts = row_facts(row, "")
        shift = self.resolver.facts(self.resolver.known.shifts.records[self.pair[0]])
        on = max(row.start_date, self.first_on)
        last = min(row.end_date or date.max, self.resolver.window.last_on)
        while on <= last:
            if holds(facts, on) and shift.runs_on(on):
                yield on
            on += _DAY

    def _stays(self, on: date) -> bool:
        """Return whether a turn stays that the source does not name."""
        return not self.source.removes_gone or self.turns.is_open(Turn(*self.pair, on))

    def _rewritten(
        self, rows: Sequence[RosterAssignment], target: Collection[date]
    ) -> list[PlannedRow]:
        """Return the rows that say the target, with as few changes as it takes."""
        wanted = _joined([*self._outside(rows), *_ranges(target)])
        left = [(row, _dates(row)) for row in rows]
        left = [(row, dates) for row, dates in left if not _taken(wanted, dates)]
        planned = []
        for row, before in left:
            after = next((dates for dates in wanted if _can_become(before, dates)), None)
            if after is not None:
                wanted.remove(after)
            planned.append(PlannedRow(*self.pair, before, after, id=row.pk))
        return planned + [PlannedRow(*self.pair, None, dates) for dates in wanted]

    def _outside(self, rows: Iterable[RosterAssignment]) -> Iterator[Dates]:
        """Yield what rows say before and after the window."""
        for row in rows:
            dates = _dates(row)
            before = min(dates.last_on or date.max, self.first_on - _DAY)
            if dates.first_on <= before:
                yield dates._replace(last_on=before)
            after = max(dates.first_on, self.resolver.window.last_on + _DAY)
            if dates.last_on is None or after <= dates.last_on:
                yield dates._replace(first_on=after)


def _compare_extras(
    source: RosterSource, stored: _Stored, turns: Turns, compared: Compared
) -> None:
    wanted = {
        turn
        for turn in turns.found
        if turn.start_local is not None
        and Turn(turn.shift_id, turn.person_id, turn.on) not in turns.found
        and not _is_held(turn, stored)
    }
    gone = stored.extras.keys() - wanted
    kept = {turn for turn in gone if not source.removes_gone or turns.is_open(turn)}
    compared.same += len(wanted & stored.extras.keys())
    compared.kept += len(kept)
    compared.removed += len(gone - kept)
    compared.added |= wanted - stored.extras.keys()
    for turn in sorted(wanted - stored.extras.keys(), key=_in_order):
        compared.rows.append(_extra(turn, None, Dates(turn.on, turn.on)))
    for turn in sorted(gone - kept, key=_in_order):
        row = _extra(turn, Dates(turn.on, turn.on), None)
        compared.rows.append(row._replace(id=stored.extras[turn]))


def _is_held(turn: Turn, stored: _Stored) -> bool:
    rows = stored.other.get((turn.shift_id, turn.person_id), ())
    return any(_spans(row, turn.on) and holds(row_facts(row, ""), turn.on) for row in rows)


def _extra(turn: Turn, before: Dates | None, after: Dates | None) -> PlannedRow:
    if turn.start_local is None or turn.end_local is None:
        raise ValueError("a turn in part has hours")
    hours = (turn.start_local, turn.end_local)
    return PlannedRow(turn.shift_id, turn.person_id, before, after, hours)


def _in_order(turn: Turn) -> tuple[object, ...]:
    return turn


def _dates(row: RosterAssignment) -> Dates:
    return Dates(row.start_date, row.end_date, tuple(row.weekdays), row.every_weeks)


def _spans(row: RosterAssignment, on: date) -> bool:
    return row.start_date <= on and (row.end_date is None or on <= row.end_date)


def _ranges(dates: Collection[date]) -> Iterator[Dates]:
    """Yield consecutive dates as one stretch."""
    first = last = None
    for on in sorted(dates):
        if last is not None and first is not None and on - last > _DAY:
            yield Dates(first, last)
            first = on
        first, last = first or on, on
    if first is not None:
        yield Dates(first, last)


def _joined(stretches: Iterable[Dates]) -> list[Dates]:
    """Return the stretches in order of time, plain ones that follow each other as one."""
    joined: list[Dates] = []
    for dates in sorted(stretches, key=lambda dates: dates.first_on):
        before = joined[-1] if joined else None
        if before and before.is_plain and dates.is_plain and _follow(before, dates):
            joined[-1] = Dates(before.first_on, dates.last_on)
        else:
            joined.append(dates)
    return joined


def _follow(before: Dates, after: Dates) -> bool:
    return before.last_on is not None and after.first_on - before.last_on <= _DAY


def _taken(wanted: list[Dates], dates: Dates) -> bool:
    """Return whether a row is one of those that are wanted; then it is taken from them."""
    if dates not in wanted:
        return False
    wanted.remove(dates)
    return True


def _can_become(before: Dates, after: Dates) -> bool:
    """Return whether a row is changed rather than replaced: the same pattern, days in common."""
    return before[2:] == after[2:] and (
        before.first_on <= (after.last_on or date.max)
        and after.first_on <= (before.last_on or date.max)
    )


def _in_the_way(row: RosterAssignment, on: date) -> Problem:
    return Problem(
        f"{row.radiologist_id}, {on}",
        "Another row of this person on this shift, with weekdays of its own, stands in the way; "
        "end it first.",
    )


def _by_pair(turns: Sequence[Turn]) -> dict[Pair, set[date]]:
    """Return the dates of whole turns by shift and person."""
    found: defaultdict[Pair, set[date]] = defaultdict(set)
    for turn in turns:
        if turn.start_local is None:
            found[turn.shift_id, turn.person_id].add(turn.on)
    return found
