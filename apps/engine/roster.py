"""Who is meant to be on which run of a shift, and when of it: the roster, indexed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, TypeVar

from apps.engine.away import HoursAway
from apps.engine.by_date import ByDate
from apps.engine.codes import Refused
from apps.engine.occurrences import Moments, Occurrence, is_zone, part_of_run
from apps.engine.rota import LeaveFacts, RosterRow, RotationFacts, ShiftFacts, SwapFacts
from apps.engine.rotation import holds, turn_holder

_OnShift = TypeVar("_OnShift", RosterRow, SwapFacts, RotationFacts)


class Stretch(NamedTuple):
    """A part of a run during which the same people are there; start included, end not.

    Ids in order: who takes work, who is on leave, who is at work that is not reading.
    """

    start_at: datetime
    end_at: datetime
    people: tuple[str, ...]
    on_leave: tuple[str, ...] = ()
    on_other_work: tuple[str, ...] = ()


class RosterBook:
    """The roster, indexed by shift, person and date.

    Extra turns seat somebody as rows do. Leave wins over every seat. Hours away in a zone that
    nobody knows are whole days: better one reader too few than one who is not there.
    """

    def __init__(
        self,
        *,
        rows: Iterable[RosterRow] = (),
        extras: Iterable[RosterRow] = (),
        swaps: Iterable[SwapFacts] = (),
        leaves: Iterable[LeaveFacts] = (),
        rotations: Iterable[RotationFacts] = (),
    ) -> None:
        by_giver = sorted(
            swaps, key=lambda swap: (swap.giver, swap.start_local is None, swap.taker)
        )
        self._rotas = _rotas(
            _by_shift((*rows, *extras)), _by_shift(by_giver), _by_shift(rotations)
        )
        days: dict[str, list[LeaveFacts]] = defaultdict(list)
        hours: dict[str, list[LeaveFacts]] = defaultdict(list)
        for leave in leaves:
            has_hours = leave.start_local is not None and is_zone(leave.zone)
            (hours if has_hours else days)[leave.radiologist].append(leave)
        self._away = {
            person: (*days.get(person, ()), *hours.get(person, ())) for person in {*days, *hours}
        }
        self._days_away = {person: ByDate(held) for person, held in days.items()}
        self._hours_away = {person: HoursAway(held) for person, held in hours.items()}
        self.has_hours = bool(hours) or any(rota.has_parts for rota in self._rotas.values())
        """Whether anybody comes or goes at another time than a shift's start or end."""

    def basis_of(self, code: str) -> object:
        """Return all that says who is on a shift; while it is equal, so are the answers."""
        rota = self._rotas.get(code)
        if rota is None:
            return ()
        away = self._away
        return rota.records, [away[person] for person in rota.everybody if person in away]

    def absence(self, person: str, on: date, at: datetime) -> Refused | None:
        """Return why somebody is away on a date and at a moment, None where they are not."""
        days, hours = self._days_away.get(person), self._hours_away.get(person)
        away = (
            [leave.is_other_work for leave in days.near(on) if _covers(leave, on)] if days else []
        )
        if hours:
            away += [
                part.is_other_work
                for part in hours.on(at.astimezone(UTC).date())
                if part.start_at <= at < part.end_at
            ]
        if not away:
            return None
        return Refused.NON_READING if all(away) else Refused.ON_LEAVE

    def hours_away(self, start_at: datetime, end_at: datetime) -> Iterator[datetime]:
        """Yield the starts and ends of everybody's hours away that share a day with a span."""
        for hours in self._hours_away.values():
            yield from hours.edges(start_at, end_at)

    def seats(self, shift: ShiftFacts, start_on: date, at: datetime | None = None) -> set[str]:
        """Return who is meant to be on the run that starts on a date, leave ignored.

        A taker stands in for the giver; where the taker has in turn given that seat away, the
        seat goes on. A giver's own seat is never lost to somebody else's swap. A swap of some
        hours stands above one of the whole run.

        Args:
            shift: whose run.
            start_on: its local start date.
            at: a moment of it; None counts who is there for any part, swaps of a part not.
        """
        rota = self._rotas.get(shift.code)
        if rota is None:
            return set()
        seats = {
            row.radiologist
            for row in rota.rows.near(start_on)
            if holds(row, start_on)
            and (row.start_local is None or at is None or _is_at(row, shift, start_on, at))
        }
        seats.update(rota.holders(shift, start_on))
        takers = {
            swap.giver: swap.taker
            for swap in reversed(rota.swaps.near(start_on))
            if swap.start_on <= start_on <= swap.end_on
            and (
                swap.start_local is None or (at is not None and _is_at(swap, shift, start_on, at))
            )
        }
        return {_sitter(seat, takers, seats) for seat in seats} if takers else seats

    def is_meant_empty(self, shift: ShiftFacts, start_on: date) -> bool:
        """Return whether a rotation says that the run that starts on a date is nobody's."""
        rota = self._rotas.get(shift.code)
        rotations = rota.rotations if rota else ()
        return any(turn_holder(rotation, shift, start_on) == "" for rotation in rotations)

    def stretches(self, shift: ShiftFacts, run: Occurrence) -> tuple[Stretch, ...]:
        """Return who is there during a run, in order of time; without a gap between."""
        rota, on = self._rotas.get(shift.code), run.start_on
        if rota is None:
            return (Stretch(run.start_at, run.end_at, ()),)
        if not rota.has_parts_on(on):
            seats = self.seats(shift, on)
            if self._hours_away.keys().isdisjoint(seats):
                return (self._stretch(seats, on, run.start_at, run.end_at),)
        inside = {edge for edge in self._edges(rota, shift, run) if edge > run.start_at}
        edges = sorted({run.start_at, run.end_at, *(at for at in inside if at < run.end_at)})
        return _joined(
            self._stretch(self.seats(shift, on, start), on, start, end)
            for start, end in pairwise(edges)
        )

    def _stretch(
        self, seats: Iterable[str], start_on: date, start_at: datetime, end_at: datetime
    ) -> Stretch:
        ordered = tuple(sorted(seats))
        why = [self.absence(person, start_on, start_at) for person in ordered]
        if not any(why):
            return Stretch(start_at, end_at, ordered)
        here, on_leave, at_work = (
            tuple(person for person, found in zip(ordered, why, strict=True) if found is wanted)
            for wanted in (None, Refused.ON_LEAVE, Refused.NON_READING)
        )
        return Stretch(start_at, end_at, here, on_leave, at_work)

    def _edges(self, rota: _Rota, shift: ShiftFacts, run: Occurrence) -> Iterator[datetime]:
        """Yield the moments at which somebody may come or go, some of them outside the run."""
        for part in rota.parts_on(run.start_on):
            for piece in _pieces_of(part, shift, run.start_on):
                yield from piece
        for person in rota.named(shift, run.start_on) & self._hours_away.keys():
            yield from self._hours_away[person].edges(run.start_at, run.end_at)


class _Rota:
    """Who is on one shift."""

    def __init__(
        self,
        rows: list[RosterRow],
        swaps: list[SwapFacts],
        rotations: list[RotationFacts],
    ) -> None:
        self.records = (rows, swaps, rotations)
        self.rows, self.swaps, self.rotations = ByDate(rows), ByDate(swaps), rotations
        records: list[RosterRow | SwapFacts] = [*rows, *swaps]
        parts = [part for part in records if part.start_local is not None]
        self._parts = ByDate(parts)
        self.has_parts = bool(parts)

    @cached_property
    def everybody(self) -> Sequence[str]:
        """Return the ids of all who may be on it on any date."""
        people = {row.radiologist for row in self.records[0]}
        people.update(swap.taker for swap in self.records[1])
        people.update(person for rotation in self.rotations for person in rotation.people)
        return sorted(people)

    def parts_on(self, on: date) -> Iterator[RosterRow | SwapFacts]:
        """Yield what is of a part of the run that starts on a date."""
        return (part for part in self._parts.near(on) if _holds_date(part, on))

    def has_parts_on(self, on: date) -> bool:
        """Return whether anybody is there for a part of the run that starts on a date."""
        return self.has_parts and any(self.parts_on(on))

    def holders(self, shift: ShiftFacts, on: date) -> Iterator[str]:
        """Yield whose turn it is."""
        for rotation in self.rotations:
            if holder := turn_holder(rotation, shift, on):
                yield holder

    def named(self, shift: ShiftFacts, on: date) -> set[str]:
        """Return everybody who may be there at any moment of the run that starts on a date."""
        people = {row.radiologist for row in self.rows.near(on) if holds(row, on)}
        people.update(swap.taker for swap in self.swaps.near(on) if _holds_date(swap, on))
        return people.union(self.holders(shift, on))


def _rotas(
    rows: Mapping[str, list[RosterRow]],
    swaps: Mapping[str, list[SwapFacts]],
    rotations: Mapping[str, list[RotationFacts]],
) -> dict[str, _Rota]:
    codes = {*rows, *swaps, *rotations}
    return {
        code: _Rota(rows.get(code, []), swaps.get(code, []), rotations.get(code, []))
        for code in codes
    }


def _by_shift(records: Iterable[_OnShift]) -> dict[str, list[_OnShift]]:
    indexed: dict[str, list[_OnShift]] = defaultdict(list)
    for record in records:
        indexed[record.shift].append(record)
    return indexed


def _sitter(seat: str, takers: Mapping[str, str], seats: set[str]) -> str:
    passed = {seat}
    sitter = takers.get(seat, seat)
    while sitter in takers and sitter not in seats and sitter not in passed:
        passed.add(sitter)
        sitter = takers[sitter]
    return sitter


def _joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Return the stretches with neighbours joined in which the same people are there."""
    joined: list[Stretch] = []
    for stretch in stretches:
        if joined and joined[-1][2:] == stretch[2:]:
            joined[-1] = joined[-1]._replace(end_at=stretch.end_at)
        else:
            joined.append(stretch)
    return tuple(joined)


def _covers(leave: LeaveFacts, on: date) -> bool:
    return leave.start_on <= on <= leave.end_on


def _holds_date(part: RosterRow | SwapFacts, on: date) -> bool:
    return part.start_on <= on and (part.end_on is None or on <= part.end_on)


def _pieces_of(
    part: RosterRow | SwapFacts, shift: ShiftFacts, start_on: date
) -> tuple[Moments, ...]:
    if part.start_local is None or part.end_local is None:
        return ()
    return part_of_run(shift, start_on, part.start_local, part.end_local)


def _is_at(part: RosterRow | SwapFacts, shift: ShiftFacts, start_on: date, at: datetime) -> bool:
    """Return whether a moment lies in the hours of a record of a part of the run."""
    pieces = _pieces_of(part, shift, start_on)
    return any(piece.start_at <= at < piece.end_at for piece in pieces)
