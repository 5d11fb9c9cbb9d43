"""Why a demand is not filled: who was looked at, and what spoke against each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from apps.roster.planning.facts import Bar, Problem, Seat
from apps.roster.planning.rules import bar


@dataclass(frozen=True, slots=True)
class Unmet:
    """A demand that lacks somebody.

    ``barred`` names the people by what keeps each from it, beside what they are given; ``free``
    those whom nothing does. People and demand are places.
    """

    demand: int
    lacking: int
    barred: Mapping[Bar, Sequence[int]]
    free: Sequence[int]


def unmet(problem: Problem, seats: Collection[Seat]) -> list[Unmet]:
    """Return the demands that lack somebody, in order of time."""
    filled: dict[int, int] = defaultdict(int)
    for seat in seats:
        filled[seat.demand] += 1
    held = [problem.turns_of(person, seats) for person in range(len(problem.people))]
    found: list[Unmet] = []
    for demand in range(len(problem.demands)):
        lacking = problem.missing(demand) - filled[demand]
        if lacking > 0:
            verdicts = [bar(problem, person, demand, turns) for person, turns in enumerate(held)]
            found.append(_unmet(demand, lacking, verdicts))
    return found


def _unmet(demand: int, lacking: int, verdicts: Sequence[Bar | None]) -> Unmet:
    barred: dict[Bar, list[int]] = defaultdict(list)
    for person, found in enumerate(verdicts):
        if found is not None:
            barred[found].append(person)
    free = [person for person, found in enumerate(verdicts) if found is None]
    return Unmet(demand, lacking, {one: barred[one] for one in Bar if barred[one]}, free)
