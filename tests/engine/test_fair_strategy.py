"""FAIR: units given for the hours worked, with a bound to what is caught up on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from apps.engine.codes import Presence, Strategy
from apps.engine.decision import Decision
from apps.engine.facts import Balance, Config, Workload
from apps.engine.story import explain
from tests.engine.build import decided, department, load, order, refusals, shift

HOUR = 3600


def pool(*ids: str, catch_up: str = "3") -> Config:
    balance = Balance(catch_up_units=Decimal(catch_up))
    return department(*ids, shifts=(shift(strategy=Strategy.FAIR),), balance=balance)


def worked(id_: str, given: str, hours: float, open_rvu: str = "0", **changes: Any) -> Workload:
    seconds = int(hours * HOUR)
    return load(id_, open_rvu, given_units=Decimal(given), worked_seconds=seconds, **changes)


def chosen(*held: Workload, catch_up: str = "3") -> tuple[str | None, str]:
    decision = decided(pool(*(one.radiologist for one in held), catch_up=catch_up), None, *held)
    assert decision.strategy is Strategy.FAIR
    return decision.radiologist, decision.trace["tries"][0]["by"]


def test_who_was_given_least_for_the_hours_worked_is_next_while_not_much_fuller() -> None:
    # 10 units in 5 hours against 6 in 2: B works faster, and A is behind.
    assert chosen(worked("A", "10", 5, "4"), worked("B", "6", 2, "0")) == ("A", "share")


def test_who_is_behind_is_never_heaped_with_work() -> None:
    """A quarter of the limit fuller than the least loaded is the bound: 5 of 20."""
    assert chosen(worked("A", "10", 5, "5"), worked("B", "6", 2, "0")) == ("A", "share")
    assert chosen(worked("A", "10", 5, "5.1"), worked("B", "6", 2, "0")) == ("B", "only")


def test_alone_far_behind_somebody_catches_up_side_by_side_with_the_others() -> None:
    """Others get work too once the one behind has a quarter of their limit more on hand."""
    held = {"A": worked("A", "0", 4), "B": worked("B", "40", 4)}

    given = handed_out(held, orders=20, minutes=1)

    assert given[:6] == ["A"] * 6
    assert abs(given[6:].count("A") - given[6:].count("B")) <= 1


def test_equal_rates_are_a_tie_that_the_open_load_decides() -> None:
    assert chosen(worked("A", "10", 5, "2"), worked("B", "4", 2, "1")) == ("B", "load")
    assert chosen(worked("A", "1", 3), worked("B", "1", 3)) == ("A", "id")


def test_a_third_is_compared_exactly() -> None:
    third = "0.3333333333333333333333333333"

    assert chosen(worked("A", "1", 3), worked("B", third, 1)) == ("B", "share")


def test_who_is_far_behind_counts_as_behind_by_the_bound_so_the_open_load_decides() -> None:
    # All three began when C did: C is 20 units behind the common rate, B 5, both over the bound.
    tired = worked("A", "40", 8), worked("B", "10", 8, "1"), worked("C", "0", 8, "2")

    assert chosen(*tired, catch_up="3") == ("B", "load")
    assert chosen(*tired, catch_up="16") == ("C", "share")


def test_a_late_starter_is_not_flooded() -> None:
    """Who has worked no time is owed nothing: an order every six minutes goes round by turns."""
    held = {"OLD": worked("OLD", "20", 4), "NEW": worked("NEW", "0", 0)}

    given = handed_out(held, orders=40, minutes=6)

    assert abs(given.count("NEW") - 20) <= 1
    assert "NEW NEW NEW" not in " ".join(given)


def test_two_who_were_away_catch_up_side_by_side() -> None:
    """Both count as behind by the bound, so neither waits until the other is even."""
    held = {
        "A": worked("A", "30", 4),
        "B": worked("B", "2", 4),
        "C": worked("C", "6", 4),
    }

    given = handed_out(held, orders=10, minutes=1)

    assert (given.count("A"), given.count("B"), given.count("C")) == (0, 5, 5)


def handed_out(held: dict[str, Workload], *, orders: int, minutes: int) -> list[str]:
    """Give the orders one by one, so many minutes apart; return who had each."""
    given = []
    for _ in range(orders):
        chosen_id = decided(pool(*held), None, *held.values()).radiologist
        assert chosen_id is not None
        given.append(chosen_id)
        held[chosen_id] = _with_one_more(held[chosen_id])
        for id_, load_ in held.items():
            held[id_] = replace(load_, worked_seconds=load_.worked_seconds + 60 * minutes)
    return given


def _with_one_more(held: Workload) -> Workload:
    return replace(held, given_units=held.given_units + 1, open_rvu=held.open_rvu + 1)


@pytest.mark.parametrize("hours", [0, 1])
def test_without_any_hours_or_units_the_load_decides(hours: float) -> None:
    assert chosen(worked("A", "0", hours, "2"), worked("B", "0", hours, "1")) == ("B", "load")


def test_before_anybody_has_worked_who_was_given_less_is_next() -> None:
    assert chosen(worked("A", "2", 0, "0"), worked("B", "1", 0, "5")) == ("B", "share")


def test_the_order_of_the_readers_changes_nothing() -> None:
    held = [worked("A", "7", 3, "1"), worked("B", "2.5", 1, "1"), worked("C", "9", 4, "1")]

    answers = [decided(pool("A", "B", "C"), None, *row) for row in permutations(held)]

    assert {answer.radiologist for answer in answers} == {"C"}
    assert all(answer == answers[0] for answer in answers)


def test_the_common_rate_is_that_of_all_who_are_fit() -> None:
    """Who is full, gone or late does not shift the scales for the others, or does by their work."""
    held = [worked("A", "6", 3, "1"), worked("B", "6", 3, "0")]
    gone = worked("C", "90", 1, presence=Presence.OFFLINE)

    decision = decided(pool("A", "B", "C"), order(), *held, gone)

    assert decision.radiologist == "B"
    assert refusals(decision) == {"C": ["roster", "offline"]}


def test_what_was_given_is_said() -> None:
    said: Decision = decided(pool("A", "B"), None, worked("A", "6.5", 3), worked("B", "4", 1.5))

    assert explain(said.trace)[-3:] == [
        "A: fit, given 6.5 units in 3 h of work; 0 RVU open for 20 seats.",
        "B: fit, given 4 units in 1 h 30 min of work; 0 RVU open for 20 seats.",
        "Assigned to A on MRI_MSK by FAIR: the least work given for the hours worked.",
    ]
