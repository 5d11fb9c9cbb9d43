"""A draft as a grid: who is proposed for what, beside what stands, and what each comes to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from apps.roster.models import DraftTurn, Radiologist, RosterDraft, Shift
from apps.roster.planning.facts import Bar, Seat, Turn
from apps.roster.planning.fairness import in_period, meant_minutes
from apps.roster.queries.drafting.posing import Posed, pose
from apps.roster.queries.drafting.short_names import short_names

_HOUR = 60
_FRIDAY = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """A turn in a cell; ``kind`` is ``stands``, ``fixed`` or ``proposed``."""

    shift: Shift
    short: str
    kind: str
    is_night: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A person's day: their turns, and whether they are away from all of its turns."""

    on: date
    marks: Sequence[Mark]
    is_away: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """What somebody has of the period; hours, nights and turns at weekends."""

    hours: float
    nights: int
    weekends: int


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person's days, and what they come to without the draft and with it."""

    person: Radiologist
    cells: Sequence[Cell]
    before: Tally
    after: Tally
    meant_hours: float

    @property
    def beyond(self) -> float:
        """Return how many hours more they have than they are meant to."""
        return self.after.hours - self.meant_hours


@dataclass(frozen=True, slots=True)
class Filling:
    """A shift's day: how many are on it of how many are wanted; None where it does not run."""

    on: date
    wanted: int
    filled: int
    runs: bool

    @property
    def is_short(self) -> bool:
        """Return whether somebody is missing."""
        return self.filled < self.wanted


@dataclass(frozen=True, slots=True)
class ShiftLine:
    """A shift's days."""

    shift: Shift
    short: str
    fillings: Sequence[Filling]


@dataclass(frozen=True)
class Sheet:
    """The whole grid."""

    days: Sequence[date]
    shifts: Sequence[ShiftLine]
    people: Sequence[PersonLine]

    @cached_property
    def wanted(self) -> int:
        """Return how many are wanted in all."""
        return sum(one.wanted for line in self.shifts for one in line.fillings)

    @cached_property
    def missing(self) -> int:
        """Return how many of them are missing."""
        fillings = (one for line in self.shifts for one in line.fillings)
        return sum(max(one.wanted - one.filled, 0) for one in fillings)

    @property
    def filled(self) -> int:
        """Return how many are there."""
        return self.wanted - self.missing

    @property
    def spreads(self) -> Mapping[str, tuple[Tally, Tally]]:
        """Return the least and the most that anybody has, before and after."""
        return {
            "before": _ends([line.before for line in self.people]),
            "after": _ends([line.after for line in self.people]),
        }


def sheet_of(draft: RosterDraft, turns: Sequence[DraftTurn]) -> Sheet:
    """Return a draft as a grid.

    Args:
        draft: its period, shifts and people.
        turns: what it proposes.
    """
    posed = pose(draft, judged=False, turns=turns)
    seats = posed.seats(turns)
    days = [
        draft.start_date + timedelta(days=ahead)
        for ahead in range((draft.end_date - draft.start_date).days + 1)
    ]
    shorts = short_names(posed.shifts.values())
    lines = [
        ShiftLine(shift, shorts[shift.pk], _fillings(posed, shift, seats, days))
        for shift in posed.shifts.values()
    ]
    return Sheet(days, lines, _PeopleLines(posed, seats, days, shorts).lines())


def is_weekend(on: date) -> bool:
    """Return whether a date is a Saturday or Sunday."""
    return on.isoweekday() > _FRIDAY


def _fillings(
    posed: Posed, shift: Shift, seats: Iterable[Seat], days: Sequence[date]
) -> list[Filling]:
    problem = posed.problem
    people: dict[int, set[int]] = defaultdict(set)
    for place, standing in problem.standing.items():
        people[place] |= standing
    for seat in seats:
        people[seat.demand].add(seat.person)
    found = {
        demand.turn.on: Filling(demand.turn.on, demand.wanted, len(people[place]), runs=True)
        for place, demand in enumerate(problem.demands)
        if demand.turn.shift == shift.pk
    }
    return [found.get(on, Filling(on, 0, 0, runs=False)) for on in days]


@dataclass(frozen=True)
class _PeopleLines:
    posed: Posed
    seats: frozenset[Seat]
    days: Sequence[date]
    shorts: Mapping[int, str]

    def lines(self) -> list[PersonLine]:
        """Return a line for each person."""
        meant = meant_minutes(self.posed.problem)
        return [self._line(place, meant[place]) for place in range(len(self.posed.people))]

    def _line(self, place: int, meant: int) -> PersonLine:
        problem = self.posed.problem
        who = problem.people[place]
        own = [seat for seat in self.seats if seat.person == place]
        standing = in_period(problem, who.held)
        after = in_period(problem, problem.turns_of(place, own))
        marks: dict[date, list[Mark]] = defaultdict(list)
        for turn in standing:
            if turn.shift in self.posed.shifts:
                marks[turn.on].append(self._mark(turn, "stands"))
        for seat in sorted(own, key=lambda seat: seat.demand):
            turn = problem.demands[seat.demand].turn
            kind = "fixed" if seat in problem.fixed else "proposed"
            marks[turn.on].append(self._mark(turn, kind))
        away = self._days_away(place)
        return PersonLine(
            self.posed.people[place],
            [Cell(on, marks[on], is_away=on in away) for on in self.days],
            _tally(standing),
            _tally(after),
            meant / _HOUR,
        )

    def _mark(self, turn: Turn, kind: str) -> Mark:
        shift = self.posed.shifts[turn.shift]
        return Mark(shift, self.shorts[turn.shift], kind, turn.is_night)

    def _days_away(self, place: int) -> set[date]:
        barred = self.posed.problem.people[place].barred
        days: dict[date, list[bool]] = defaultdict(list)
        for demand, one in enumerate(self.posed.problem.demands):
            days[one.turn.on].append(barred.get(demand) is Bar.AWAY)
        return {on for on, away in days.items() if all(away)}


def _tally(turns: Sequence[Turn]) -> Tally:
    return Tally(
        hours=sum(turn.minutes for turn in turns) / _HOUR,
        nights=sum(turn.is_night for turn in turns),
        weekends=sum(turn.is_weekend for turn in turns),
    )


def _ends(tallies: Sequence[Tally]) -> tuple[Tally, Tally]:
    least, most = (
        Tally(
            pick((one.hours for one in tallies), default=0),
            pick((one.nights for one in tallies), default=0),
            pick((one.weekends for one in tallies), default=0),
        )
        for pick in (min, max)
    )
    return least, most
