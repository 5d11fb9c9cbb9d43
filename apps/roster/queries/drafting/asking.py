"""What may be done with one person's day, or one run, of a draft, and what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from apps.roster.models import DraftTurn, Radiologist, RosterDraft, Shift
from apps.roster.planning.facts import Bar, Problem, Seat
from apps.roster.planning.rules import bar
from apps.roster.planning.words import OF_ONE
from apps.roster.queries.drafting.posing import Posed, pose
from apps.roster.queries.drafting.turns import RunKey

IMPOSSIBLE = frozenset({Bar.AWAY, Bar.ALREADY_ON})
"""What no decision of a person's makes up for: leave wins, and nobody is there twice."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A run that a person might have on a day.

    ``bar`` is what speaks against it beside all else that they have, None where nothing does.
    """

    shift: Shift
    is_on: bool
    is_fixed: bool
    bar: Bar | None

    @property
    def words(self) -> str:
        """Return what speaks against it, to be read after their name."""
        return OF_ONE[self.bar] if self.bar else ""

    @property
    def is_possible(self) -> bool:
        """Return whether it can be given at all."""
        return self.bar not in IMPOSSIBLE


@dataclass(frozen=True, slots=True)
class Day:
    """One person's day."""

    person: Radiologist
    on: date
    choices: Sequence[Choice]

    @property
    def seen(self) -> str:
        """Return what is proposed for it, so that a change made meanwhile is noticed."""
        return ",".join(
            f"{one.shift.pk}{'!' if one.is_fixed else ''}" for one in self.choices if one.is_on
        )


def day_of(draft: RosterDraft, person_id: str, on: date, turns: Sequence[DraftTurn]) -> Day | None:
    """Return somebody's day of a draft; None where it is none of the draft's."""
    posed = pose(draft, only=[person_id], turns=turns)
    if not posed.people or not draft.start_date <= on <= draft.end_date:
        return None
    seats = posed.seats(turns)
    choices = []
    for shift in posed.shifts.values():
        place = posed.demand_at(RunKey(shift.pk, on))
        if place is not None:
            choices.append(_choice(posed, shift, Seat(0, place), seats))
    return Day(posed.people[0], on, choices)


def _choice(posed: Posed, shift: Shift, seat: Seat, seats: frozenset[Seat]) -> Choice:
    others = seats - {seat}
    held = without(posed.problem, seat).turns_of(seat.person, others)
    return Choice(
        shift,
        is_on=seat in seats,
        is_fixed=seat in posed.problem.fixed,
        bar=bar(posed.problem, seat.person, seat.demand, held),
    )


def without(problem: Problem, seat: Seat) -> Problem:
    """Return the problem in which a seat is not fixed."""
    return Problem(
        problem.demands,
        problem.people,
        problem.rules,
        problem.weights,
        problem.fixed - {seat},
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who might take a run; ``hours`` they have in the period already."""

    person: Radiologist
    bar: Bar | None
    hours: float

    @property
    def words(self) -> str:
        """Return what speaks against it."""
        return OF_ONE[self.bar] if self.bar else "could take it"


@dataclass(frozen=True, slots=True)
class Asked:
    """One run of a draft: who is on it, and who else might be, best first."""

    shift: Shift
    on: date
    wanted: int
    there: Sequence[Radiologist]
    candidates: Sequence[Candidate]


def asked_of(
    draft: RosterDraft, shift_id: int, on: date, turns: Sequence[DraftTurn]
) -> Asked | None:
    """Return one run of a draft; None where it is none of the draft's."""
    posed = pose(draft, turns=turns)
    place = posed.demand_at(RunKey(shift_id, on))
    if place is None:
        return None
    seats = posed.seats(turns)
    on_it = posed.problem.standing.get(place, frozenset()) | {
        seat.person for seat in seats if seat.demand == place
    }
    candidates = [
        _candidate(posed, place, number, seats)
        for number in range(len(posed.people))
        if number not in on_it
    ]
    return Asked(
        posed.shifts[shift_id],
        on,
        posed.problem.demands[place].wanted,
        [posed.people[number] for number in sorted(on_it)],
        sorted(candidates, key=_best_first),
    )


def _candidate(posed: Posed, place: int, number: int, seats: frozenset[Seat]) -> Candidate:
    own = [seat for seat in seats if seat.person == number]
    held = posed.problem.turns_of(number, own)
    minutes = sum(turn.minutes for turn in held)
    why = bar(posed.problem, number, place, held)
    return Candidate(posed.people[number], why, minutes / 60)


def _best_first(candidate: Candidate) -> tuple[object, ...]:
    order = list(Bar)
    rank = 0 if candidate.bar is None else len(order) - order.index(candidate.bar)
    return (rank, candidate.hours, candidate.person.pk)
