"""Whose turn comes first among orders given out together, and what seats each flow has."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.engine.codes import ActionType, Reason, Strategy, Urgency
from apps.engine.decision import Snapshot, compile_config
from apps.engine.facts import Config, OrderFacts, RuleFacts, Workload
from apps.engine.optimal.together import Asked, decide_together, replay_together
from tests.engine.build import AT, department, load, loads, order, reader, rule, shift

OPTIMAL = (shift(strategy=Strategy.OPTIMAL),)
ONE_SEAT = (reader("A", max_concurrent_studies=1),)


def chosen(made: Config, orders: list[OrderFacts], *held: Workload) -> dict[int, str | None]:
    """Return who gets which, given out twice: as they stand, and again from what is kept."""
    compiled = compile_config(made)
    together = decide_together(
        [Asked(one) for one in orders], AT, Snapshot(compiled, loads(*held))
    )
    again = replay_together(together.basis or {}, compiled)
    assert again.decisions == together.decisions
    return {id_: one.radiologist for id_, one in together.decisions.items()}


def set_priority(urgency: Urgency, word: str) -> RuleFacts:
    conditions = {"field": "procedure_text", "op": "contains", "value": word}
    return rule(
        1,
        ActionType.SET_PRIORITY,
        urgency.value,
        conditions=conditions,
        is_terminal=False,
    )


def test_a_stat_has_the_seat_though_a_routine_study_would_cost_less_there() -> None:
    orders = [
        order(order_id=1, rvu=Decimal(1)),
        order(
            order_id=2,
            urgency=Urgency.STAT,
            rvu=Decimal(9),
            report_due_at=AT - timedelta(hours=1),
        ),
    ]

    got = chosen(department("A", readers=ONE_SEAT, shifts=OPTIMAL), orders)

    assert got == {1: None, 2: "A"}


@pytest.mark.parametrize("first", [1, 2])
def test_what_a_rule_raises_to_stat_goes_before_what_was_sent_as_urgent(first: int) -> None:
    rules = (set_priority(Urgency.STAT, "stroke"),)
    orders = [
        order(order_id=first, urgency=Urgency.URGENT, report_due_at=AT + timedelta(hours=4)),
        order(
            order_id=3 - first,
            procedure_text="stroke?",
            rvu=Decimal(5),
            report_due_at=AT + timedelta(hours=24),
        ),
    ]

    got = chosen(department("A", readers=ONE_SEAT, shifts=OPTIMAL, rules=rules), orders)

    assert got == {first: None, 3 - first: "A"}


def test_what_a_rule_lowers_to_routine_waits_for_what_is_urgent() -> None:
    rules = (set_priority(Urgency.ROUTINE, "screening"),)
    orders = [
        order(order_id=1, urgency=Urgency.URGENT, rvu=Decimal(5)),
        order(order_id=2, urgency=Urgency.STAT, procedure_text="screening"),
    ]

    got = chosen(department("A", readers=ONE_SEAT, shifts=OPTIMAL, rules=rules), orders)

    assert got == {1: "A", 2: None}


def test_what_a_rule_raises_to_stat_passes_the_hourly_limit_with_others() -> None:
    rules = (set_priority(Urgency.STAT, "stroke"),)
    readers = (reader("A", max_studies_per_hour=1),)
    orders = [order(order_id=number, procedure_text="stroke") for number in (1, 2, 3)]

    made = department("A", readers=readers, shifts=OPTIMAL, rules=rules)

    assert chosen(made, orders) == {1: "A", 2: "A", 3: "A"}


def test_a_seat_by_rvu_goes_to_whom_it_saves_most() -> None:
    """Without the limit in the flow both would be sent to A, and the first would take the seat."""
    readers = (
        reader("A", max_concurrent_rvu=Decimal(1), specialties=frozenset({"neuro"})),
        reader("B"),
    )
    orders = [
        order(order_id=1),
        order(order_id=2, subspecialty="neuro"),
    ]
    held = load("B", "4", open_by_urgency=(0, 0, 4))

    got = chosen(department("A", "B", readers=readers, shifts=OPTIMAL), orders, held)

    assert got == {1: "B", 2: "A"}


def test_who_waits_is_told_that_there_was_no_seat() -> None:
    orders = [order(order_id=1, urgency=Urgency.STAT), order(order_id=2)]
    made = department("A", readers=ONE_SEAT, shifts=OPTIMAL)

    together = decide_together(
        [Asked(one) for one in orders], AT, Snapshot(compile_config(made), {})
    )

    assert together.decisions[2].reason is Reason.AT_CAPACITY
