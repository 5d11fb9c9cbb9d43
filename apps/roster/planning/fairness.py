"""Fairness: the distance between who has most and who has least, of nights, weekends and hours.

Hours are counted against what each is meant to have: the target of their record, else their
share of what is to be done, as large as the part of it that they could take. In steps of the
largest length that divides all turns, so that they are whole numbers too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from apps.roster.planning.facts import Problem, Turn
from apps.roster.planning.model import Model

_HALF_HOUR = 30
COUNT = 16
"""What one night or weekend turn between most and least costs: as much as eight hours."""

Option = tuple[Turn, int]
Amounts = tuple[int, Mapping[int, int]]
"""What somebody has for certain, and what each column would add."""


class Need(NamedTuple):
    """A demand that somebody can take: the column of what it lacks, how much one of it is."""

    lack: int
    amount: int
    missing: int


def add_fairness(
    model: Model,
    problem: Problem,
    held: Sequence[Sequence[Turn]],
    options: Sequence[Sequence[Option]],
    lacks: Mapping[int, int],
) -> None:
    """Add what is to be fair, with the weights of the problem."""
    weights = problem.weights
    taken = {seat.demand for seat in model.seats}
    open_lacks = {place: column for place, column in lacks.items() if place in taken}
    kinds: list[tuple[int, Callable[[Turn], bool]]] = [
        (weights.nights, lambda turn: turn.is_night),
        (weights.weekends, lambda turn: turn.is_weekend),
    ]
    for weight, counts in kinds:
        amounts = _counted(problem, held, options, counts)
        needs = [
            Need(column, int(counts(problem.demands[place].turn)), problem.missing(place))
            for place, column in open_lacks.items()
        ]
        _add_spread(model, amounts, needs, COUNT * weight)
    step = step_minutes(problem)
    needs = [
        Need(column, _steps(problem.demands[place].turn.minutes, step), problem.missing(place))
        for place, column in open_lacks.items()
    ]
    amounts = _hours(problem, held, options, step)
    _add_spread(model, amounts, needs, weights.hours * step // _HALF_HOUR)


def step_minutes(problem: Problem) -> int:
    """Return the largest whole number of half hours that all turns' lengths are multiples of."""
    rounded = (
        max(1, round(demand.turn.minutes / _HALF_HOUR)) * _HALF_HOUR for demand in problem.demands
    )
    return math.gcd(*rounded) or _HALF_HOUR


def meant_minutes(problem: Problem) -> list[int]:
    """Return how many minutes of the period each person is meant to have, in their order."""
    everything = sum(demand.turn.minutes * demand.wanted for demand in problem.demands)
    shares = [_open_minutes(problem, place) for place in range(len(problem.people))]
    left = everything - sum(person.target_minutes or 0 for person in problem.people)
    untold = [
        share
        for share, person in zip(shares, problem.people, strict=True)
        if person.target_minutes is None
    ]
    each = max(left, 0) / max(sum(untold), 1)
    return [
        round(share * each) if person.target_minutes is None else person.target_minutes
        for share, person in zip(shares, problem.people, strict=True)
    ]


def _open_minutes(problem: Problem, person: int) -> int:
    """Return how many minutes of all that is to be done somebody could take."""
    barred = problem.people[person].barred
    return sum(
        demand.turn.minutes for place, demand in enumerate(problem.demands) if place not in barred
    )


def in_period(problem: Problem, held: Sequence[Turn]) -> list[Turn]:
    """Return the turns that start on the days of the problem."""
    days = [demand.turn.on for demand in problem.demands]
    if not days:
        return []
    first_on, last_on = min(days), max(days)
    return [turn for turn in held if first_on <= turn.on <= last_on]


def _counted(
    problem: Problem,
    held: Sequence[Sequence[Turn]],
    options: Sequence[Sequence[Option]],
    counts: Callable[[Turn], bool],
) -> list[Amounts]:
    return [
        (
            sum(counts(turn) for turn in in_period(problem, turns)),
            {column: 1 for turn, column in columns if counts(turn)},
        )
        for turns, columns in zip(held, options, strict=True)
    ]


def _hours(
    problem: Problem,
    held: Sequence[Sequence[Turn]],
    options: Sequence[Sequence[Option]],
    step: int,
) -> list[Amounts]:
    return [
        (
            _steps(sum(turn.minutes for turn in in_period(problem, turns)) - meant, step),
            {column: _steps(turn.minutes, step) for turn, column in columns},
        )
        for meant, turns, columns in zip(meant_minutes(problem), held, options, strict=True)
    ]


def _steps(minutes: int, step: int) -> int:
    return round(minutes / step)


def _add_spread(
    model: Model, amounts: Sequence[Amounts], needs: Sequence[Need], cost: int
) -> None:
    """Add the most and the least that anybody has, and let their distance cost.

    Who can take none of it counts for neither.
    """
    able = [amount for amount in amounts if amount[1]]
    if not cost or len(able) < 2:
        return
    lowest = min(certain for certain, _terms in able)
    highest = max(certain + sum(terms.values()) for certain, terms in able)
    # All of it is somebody's, so one has the average or more, and one the average or less. The
    # whole number above it holds as long as nothing lacks, hence the lacks in the row.
    everything = sum(certain for certain, _terms in able)
    everything += sum(need.amount * need.missing for need in needs)
    above, below = -(-everything // len(able)), everything // len(able)
    most = model.column(cost, lowest, highest)
    least = model.column(-cost, lowest, max(lowest, min(highest, below)))
    model.row({most: 1, **{need.lack: need.amount for need in needs}}, lower=above)
    for certain, terms in able:
        added = {column: -amount for column, amount in terms.items()}
        model.row({most: 1, **added}, lower=certain)
        model.row({least: 1, **added}, upper=certain)
