"""Readers whom an order must not go to by itself, and the one it may leave only for less load."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from apps.engine.codec import canonical
from apps.engine.codes import ActionType, Outcome, Reason
from apps.engine.decision import Snapshot, compile_config, decide, fitness
from apps.engine.facts import Config, OrderFacts, Workload
from apps.engine.replay import replay
from apps.engine.story import explain
from apps.engine.words import reason_words
from tests.engine.build import AT, decided, department, load, loads, order, reader, refusals, rule

FULL = (0, 0, 20)


def relieved(made: Config, *held: Workload, by: str = "A", asked: OrderFacts | None = None) -> str:
    """Return who would relieve a reader, empty for nobody."""
    snapshot = Snapshot(compile_config(made), loads(*held))
    return decide(asked or order(), AT, snapshot, relieve=by).radiologist or ""


def test_who_did_not_take_it_is_passed_over_and_said_to_be() -> None:
    decision = decided(department("A", "B"), order(passed_over=frozenset({"A"})), load("B", "9"))

    assert decision.radiologist == "B"
    assert refusals(decision) == {"A": ["roster", "passed_over"]}
    assert "A: had it already and did not take it." in explain(decision.trace)


def test_everybody_passed_over_is_the_reason() -> None:
    decision = decided(department("A", "B"), order(passed_over=frozenset("AB")))

    assert (decision.outcome, decision.reason) == (Outcome.UNASSIGNED, Reason.PASSED_OVER)
    assert reason_words(Reason.PASSED_OVER) == "everybody fit had it before and did not take it"


def test_who_is_not_competent_says_less_than_who_had_it_and_who_is_full_says_more() -> None:
    made = department(readers=(reader("A", specialties=frozenset({"x"})), reader("B")), roster=())
    made = department("A", "B", readers=made.radiologists)
    asked = order(required_subspecialty="x", passed_over=frozenset({"A"}))
    assert decided(made, asked).reason is Reason.PASSED_OVER

    full = load("B", open_by_urgency=FULL)
    decision = decided(department("A", "B"), order(passed_over=frozenset({"A"})), full)
    assert decision.reason is Reason.AT_CAPACITY


@pytest.mark.parametrize("is_strict", [True, False])
def test_a_rule_that_names_them_obeys_too(is_strict: bool) -> None:
    named = rule(1, ActionType.ASSIGN_TO_RADIOLOGIST, "A", is_strict=is_strict)
    decision = decided(department("A", "B", rules=(named,)), order(passed_over=frozenset("A")))

    assert decision.radiologist == (None if is_strict else "B")
    assert decision.reason is (Reason.RULE_STRICT if is_strict else None)


def test_widening_does_not_bring_them_back() -> None:
    decision = decided(department("A"), order(passed_over=frozenset("A")), widen=True)

    assert decision.reason is Reason.PASSED_OVER


def test_a_person_may_still_give_it_to_them() -> None:
    snapshot = Snapshot(compile_config(department("A")))

    assert fitness(order(passed_over=frozenset("A")), AT, snapshot, "A", shift=None) is None


def test_a_reader_is_relieved_only_by_somebody_with_less_load() -> None:
    made = department(
        "A", "B", "C", readers=(reader("A"), reader("B", max_concurrent_studies=10), reader("C"))
    )
    seven = load("A", "7")

    assert relieved(made, seven, load("B", "3.5"), load("C", "7")) == ""
    assert relieved(made, seven, load("B", "3.49"), load("C", "7")) == "B"
    assert relieved(made, seven, load("B", "3.5"), load("C", "6.99")) == "C"


def test_less_load_is_compared_exactly() -> None:
    made = department(
        "A",
        "B",
        readers=(reader("A", max_concurrent_studies=3), reader("B", max_concurrent_studies=3)),
    )
    a_third = Decimal("0.1000000000000000000000000000001")

    assert relieved(made, load("A", str(a_third)), load("B", "0.1")) == "B"
    assert relieved(made, load("A", "0.1"), load("B", "0.10")) == ""


def test_relief_is_said_and_replays_to_the_byte() -> None:
    made = department("B", "C", readers=(reader("A"), reader("B"), reader("C")))
    asked = order(passed_over=frozenset({"C", "A"}))
    held = (load("A", "7"), load("B", "2"), load("C", "1"))
    decision = decide(asked, AT, Snapshot(compile_config(made), loads(*held)), relieve="A")

    assert decision.radiologist == "B"
    assert decision.trace["order"]["passed_over"] == ["A", "C"]
    assert "It goes only to somebody with less load than A, who has it." in explain(decision.trace)
    again = replay(json.loads(json.dumps(decision.trace)), compile_config(made))
    assert again == decision
    assert canonical(again.trace) == canonical(decision.trace)


def test_nobody_with_less_load_is_said() -> None:
    made = department("A", "B")
    snapshot = Snapshot(compile_config(made), loads(load("A", "1"), load("B", "1")))
    decision = decide(order(), AT, snapshot, relieve="A")

    assert refusals(decision) == {
        "A": ["capacity", "no_less_load", "A"],
        "B": ["capacity", "no_less_load", "A"],
    }
    assert "B: has no less on hand than A." in explain(decision.trace)


def test_a_trace_from_before_there_were_such_readers_replays() -> None:
    made = department("A", "B")
    decision = decided(made)

    assert not {"passed_over", "relieve"} & {*decision.trace, *decision.trace["order"]}
    assert replay(decision.trace, compile_config(made)) == decision
