"""A thousand equal orders over four equal readers go round evenly, whatever chooses."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.engine.codes import ActionType, Strategy
from apps.engine.decision import Snapshot, compile_config, decide
from apps.engine.facts import Config, OrderFacts, Workload
from tests.engine.build import AT, department, load, order, reader, rule, shift

READERS = ("A", "B", "C", "D")
ORDERS = 1_000
ROOMY = {"max_concurrent_studies": 5_000, "max_studies_per_hour": 5_000}


def four(strategy: Strategy, **changes: Any) -> Config:
    readers = tuple(reader(id_, **ROOMY) for id_ in READERS)
    return department(*READERS, readers=readers, shifts=(shift(strategy=strategy),), **changes)


def handed_out(made: Config, asked: OrderFacts) -> Counter[str | None]:
    """Give the orders one by one, a second apart, and count who has how many."""
    compiled = compile_config(made)
    held = {id_: load(id_, worked_seconds=3600) for id_ in READERS}
    counted: Counter[str | None] = Counter()
    for number in range(ORDERS):
        at = AT + timedelta(seconds=number)
        decision = decide(asked, at, Snapshot(compiled, held))
        counted[decision.radiologist] += 1
        id_, shift_code = decision.radiologist or "", decision.shift or ""
        turns = {shift_code: at}
        held[id_] = replace(given(held[id_], asked), last_assigned_at=at, last_on_shift=turns)
    return counted


def given(held: Workload, asked: OrderFacts) -> Workload:
    stat, urgent, routine = held.open_by_urgency
    return replace(
        held,
        open_by_urgency=(stat, urgent, routine + 1),
        open_rvu=held.open_rvu + asked.rvu,
        rvu_last_hour=held.rvu_last_hour + asked.rvu,
        given_units=held.given_units + asked.units,
        assigned_last_hour=held.assigned_last_hour + 1,
    )


def check_even(counted: Counter[str | None]) -> None:
    assert set(counted) == set(READERS)
    assert all(abs(count - ORDERS // len(READERS)) <= 1 for count in counted.values())


@pytest.mark.parametrize(
    "strategy",
    [
        Strategy.LOAD_BALANCED,
        Strategy.ROUND_ROBIN,
        Strategy.FAIR,
        Strategy.SCORED,
        Strategy.URGENT,
    ],
)
@pytest.mark.parametrize("rvu", ["1", "0.1", "3.3333"])
def test_every_strategy_hands_out_evenly(strategy: Strategy, rvu: str) -> None:
    asked = order(rvu=Decimal(rvu), units=Decimal(rvu))

    check_even(handed_out(four(strategy), asked))


@pytest.mark.parametrize("strategy", [Strategy.LOAD_BALANCED, Strategy.FAIR, Strategy.SCORED])
def test_orders_that_weigh_nothing_go_to_who_waited_longest(strategy: Strategy) -> None:
    """Loads and shares stay tied for ever, and only the last tie is broken."""
    check_even(handed_out(four(strategy), order(rvu=Decimal(0), units=Decimal(0))))


def test_a_pool_that_everybody_is_preferred_in_is_shared_evenly_too() -> None:
    everybody = rule(1, ActionType.PREFER, '["D", "C", "B", "A"]')

    check_even(handed_out(four(Strategy.LOAD_BALANCED, rules=(everybody,)), order()))


def test_a_rule_that_escalates_everything_still_shares_evenly() -> None:
    check_even(
        handed_out(four(Strategy.LOAD_BALANCED, rules=(rule(1, ActionType.ESCALATE),)), order())
    )
