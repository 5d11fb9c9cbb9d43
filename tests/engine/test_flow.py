"""The flow against every way there is to give few studies to few readers."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from apps.engine.optimal.flow import FORBIDDEN, cheapest


def cost_of(costs: list[list[int]], steps: list[int], given: list[int | None]) -> int:
    counts = [0] * len(steps)
    total = 0
    for study, reader in enumerate(given):
        if reader is not None:
            total += costs[study][reader] + steps[reader] * counts[reader]
            counts[reader] += 1
    return total


def least(costs: list[list[int]], steps: list[int], seats: list[int]) -> int | None:
    """Return the cost of the cheapest way to place all, None where there is none."""
    ways = [
        list(way)
        for way in product(range(len(steps)), repeat=len(costs))
        if all(costs[study][reader] < FORBIDDEN for study, reader in enumerate(way))
        and all(way.count(reader) <= seats[reader] for reader in set(way))
    ]
    return min((cost_of(costs, steps, list(way)) for way in ways), default=None)


@pytest.mark.parametrize("seed", range(400))
def test_flow_is_as_cheap_as_the_best_of_all_ways(seed: int) -> None:
    random = Random(seed)  # noqa: S311 -- no secret
    studies, readers = random.randint(1, 5), random.randint(1, 4)
    costs = [
        [FORBIDDEN if random.random() < 0.15 else random.randint(-20, 60) for _ in range(readers)]
        for _ in range(studies)
    ]
    steps = [random.randint(0, 20) for _ in range(readers)]
    seats = [random.randint(0, 3) for _ in range(readers)]

    given = cheapest(costs, steps, seats)

    best = least(costs, steps, seats)
    assert all(
        reader is None
        or (costs[study][reader] < FORBIDDEN and given.count(reader) <= seats[reader])
        for study, reader in enumerate(given)
    )
    if best is not None:
        assert None not in given
        assert cost_of(costs, steps, given) == best


def test_nobody_is_given_more_than_their_seats() -> None:
    assert cheapest([[0, 9], [0, 9], [0, 9], [0, 9]], [1, 1], [2, 1]) == [0, 0, 1, None]


def test_earlier_study_moves_for_one_that_can_go_nowhere_else() -> None:
    assert cheapest([[0, 5], [0, FORBIDDEN]], [0, 0], [1, 1]) == [1, 0]


def test_of_equals_who_stands_first_is_first() -> None:
    assert cheapest([[7, 7, 7]] * 4, [1, 1, 1], [9, 9, 9]) == [0, 1, 2, 0]


def test_further_studies_spread_where_each_costs_more() -> None:
    assert sorted(r or 0 for r in cheapest([[0, 0]] * 4, [10, 10], [9, 9])) == [0, 0, 1, 1]
