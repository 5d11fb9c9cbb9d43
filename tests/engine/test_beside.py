from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from apps.engine.beside import with_rules
from apps.engine.codes import ActionType
from apps.engine.compiled import compile_config
from apps.engine.decision import Snapshot, decide
from apps.engine.facts import RuleFacts
from benchmarks.engine_world import AT, Size, build_config, build_loads, build_orders

SMALL = Size(20, 20, 60, 40)
NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def hold(id_: int, text: str) -> RuleFacts:
    return RuleFacts(id_, 0, text, 0, {}, ActionType.HOLD, text, is_terminal=True)


def test_other_rules_decide_as_a_configuration_compiled_anew_would() -> None:
    config = build_config(SMALL)
    loads, live = build_loads(config), compile_config(config)
    rules = tuple(replace(rule, priority_order=-rule.priority_order) for rule in config.rules[5:])
    beside, anew = with_rules(live, rules), compile_config(replace(config, rules=rules))

    for order in build_orders(config, 60):
        asked = [decide(order, AT, Snapshot(one, loads)) for one in (beside, anew, live)]
        assert asked[0] == asked[1]
    assert beside.config == anew.config


def test_asking_beside_leaves_the_live_configuration_as_it_was() -> None:
    config = build_config(SMALL)
    loads, live = build_loads(config), compile_config(config)
    orders = build_orders(config, 60)
    before = [decide(order, AT, Snapshot(live, loads)) for order in orders]

    beside = with_rules(live, [hold(-1, "everything waits")])
    assert {decide(order, AT, Snapshot(beside, loads)).reason_text for order in orders} == {
        "everything waits"
    }

    assert [decide(order, AT, Snapshot(live, loads)) for order in orders] == before
    assert beside.coverage_at(AT) is live.coverage_at(AT)


def test_rules_left_alone_are_not_compiled_a_second_time() -> None:
    config = build_config(SMALL)
    live = compile_config(config)
    changed = replace(config.rules[0], name="changed")

    beside = with_rules(live, [changed, *config.rules[1:]])

    own = [one for one in beside.rules.rules if one not in live.rules.rules]
    assert [one.facts for one in own] == [changed]


def test_a_drafted_rule_comes_after_its_equals_as_it_will_when_it_is_live() -> None:
    live = compile_config(replace(build_config(SMALL), rules=(hold(7, "seven"),)))

    beside = with_rules(live, [hold(-2, "newer"), hold(7, "seven"), hold(-1, "new")])

    assert [one.facts.id for one in beside.rules.rules] == [7, -1, -2]


def test_a_broken_rule_of_a_draft_is_named_and_stops_nothing() -> None:
    config = build_config(SMALL)
    broken = replace(hold(-1, "x"), conditions={"all": [{"field": "nonsense", "op": "="}]})

    beside = with_rules(compile_config(config), [broken])

    assert [problem.split(":")[0] for problem in beside.problems] == ["rule -1"]
    (order,) = build_orders(config, 1)
    assert decide(order, AT, Snapshot(beside, {})).reason_text == ""
