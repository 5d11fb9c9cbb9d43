"""Every decision is made a second time by somebody who knows nothing of the engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from apps.engine.decision import Decision, Snapshot, compile_config, decide
from tests.engine.oracle.model import Answer, Pool, answer
from tests.engine.worlds import World, random_world

FEW, MANY = range(600), range(10_000)


def asked(world: World) -> Decision:
    snapshot = Snapshot(compile_config(world.config), world.loads)
    return decide(world.order, world.at, snapshot, widen=world.widen, relieve=world.relieve)


def expected(world: World) -> Answer:
    return answer(
        world.config,
        world.order,
        world.loads,
        world.at,
        widen=world.widen,
        relieve=world.relieve,
    )


def seen(decision: Decision) -> Answer:
    """Return the engine's decision in the oracle's words."""
    return Answer(
        outcome=decision.outcome,
        radiologist=decision.radiologist,
        shift=decision.shift,
        strategy=decision.strategy,
        rule_id=decision.rule_id,
        matched=tuple(id_ for id_, _ in decision.matched_rules),
        skipped=frozenset(row[0] for row in decision.trace.get("skipped", ())),
        reason=decision.reason,
        reason_text=decision.reason_text,
        escalated=decision.escalated,
        urgency=decision.urgency,
        pools=[pools(tried) for tried in decision.trace.get("tries", ()) if tried["fit"]],
    )


def pools(tried: dict[str, Any]) -> tuple[Pool, Pool]:
    fit = frozenset((row[0], row[1]) for row in tried["fit"])
    late = {row[0] for row in tried.get("late", ())}
    return fit, frozenset(one for one in fit if one[0] not in late)


def check(seeds: Iterable[int]) -> None:
    for seed in seeds:
        world = random_world(seed)
        assert seen(asked(world)) == expected(world), f"world {seed}"


def test_the_engine_and_the_oracle_agree() -> None:
    check(FEW)


@pytest.mark.long
def test_ten_thousand_worlds_agree() -> None:
    check(MANY)
