"""Which rules can never do what they say; nothing is claimed that a run of the rules belies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.codes import ActionType, Urgency
from apps.engine.conditions import Subject
from apps.engine.doubts import Doubt
from apps.engine.facts import RuleFacts
from apps.engine.reach import RuleSet
from apps.engine.rules import RuleBook
from apps.engine.vocabulary import REGIONS

NOW = datetime(2026, 2, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Json = dict[str, Any]


def is_(field: str, *values: object) -> Json:
    return {"field": field, "op": "in", "value": list(values)}


MR, CT, STAT = is_("modality", "MR"), is_("modality", "CT"), is_("urgency", "STAT")
BOTH = is_("modality", "MR", "CT")


def rule(
    id_: int,
    conditions: Json | None = None,
    action: ActionType = ActionType.HOLD,
    target: str = "hold",
    **more: Any,
) -> RuleFacts:
    given_ = {"is_terminal": True} | more
    return RuleFacts(id_, 1, f"rule {id_}", id_ * 10, conditions or {}, action, target, **given_)


def shift(id_: int, conditions: Json | None = None, **more: Any) -> RuleFacts:
    return rule(id_, conditions, ActionType.ASSIGN_TO_SHIFT, "DAY", **more)


def told(*rules: RuleFacts) -> dict[int, list[tuple[Doubt, list[int], bool, str]]]:
    found = RuleSet(rules, REGIONS, NOW).findings()
    return {
        id_: [(one.doubt, [by.id for by in one.by], one.is_same, one.about) for one in doubts]
        for id_, doubts in found.items()
    }


def test_rules_that_ask_for_different_orders_are_not_doubted() -> None:
    assert told(rule(1, MR), shift(2, CT), rule(3)) == {}


@pytest.mark.parametrize(
    ("first", "doubt"),
    [
        (rule(1, BOTH), Doubt.NEVER_REACHED),
        (shift(1, BOTH), Doubt.LEFTOVERS),
        (shift(1, BOTH, is_strict=True), Doubt.NEVER_REACHED),
        (rule(1, BOTH, ActionType.OVERFLOW, ""), Doubt.LEFTOVERS),
    ],
    ids=["hold", "assign", "strict", "overflow"],
)
def test_a_rule_behind_a_wider_one_that_ends_the_run_is_never_reached_or_gets_its_leftovers(
    first: RuleFacts, doubt: Doubt
) -> None:
    assert told(first, shift(2, MR)) == {2: [(doubt, [1], False, "")]}


def test_the_rule_that_lets_nothing_by_is_named_before_an_earlier_one_that_does() -> None:
    found = told(shift(1, BOTH), rule(2, BOTH), shift(3, MR))

    assert found[3] == [(Doubt.NEVER_REACHED, [2], False, "")]


def test_exactly_the_same_orders_are_said_to_be_the_same() -> None:
    same = {"any": [MR, CT]}

    assert told(shift(1, BOTH), shift(2, same)) == {2: [(Doubt.LEFTOVERS, [1], True, "")]}


def test_several_rules_may_stand_in_the_way_together() -> None:
    found = told(rule(1, MR), rule(2, is_("modality", "US")), rule(3, CT), shift(4, BOTH))

    assert found == {4: [(Doubt.NEVER_REACHED, [1, 3], False, "")]}


@pytest.mark.parametrize(
    "first",
    [
        rule(1, BOTH, is_terminal=False),
        rule(1, BOTH, ActionType.ESCALATE, ""),
        rule(1, BOTH, active_from=NOW + DAY),
        rule(1, BOTH, active_until=NOW + DAY),
        rule(1, {"all": [BOTH, is_("no_such_field", "x")]}),
        rule(1, BOTH, ActionType.ASSIGN_TO_SHIFT, ""),
    ],
    ids=["goes on", "an effect", "not yet active", "ends before", "broken", "no target"],
)
def test_what_does_not_end_the_run_whenever_the_other_is_active_stands_in_nobodys_way(
    first: RuleFacts,
) -> None:
    found = told(first, shift(2, MR))

    assert 2 not in found


def test_windows_count_from_now_on() -> None:
    first = rule(1, BOTH, active_from=NOW - DAY, active_until=NOW + DAY)
    inside = shift(2, MR, active_from=NOW - 2 * DAY, active_until=NOW + DAY)

    assert told(first, inside) == {2: [(Doubt.NEVER_REACHED, [1], False, "")]}


def test_a_rule_whose_window_is_over_is_said_to_be_and_no_more() -> None:
    over = shift(2, {"all": [MR, CT]}, active_until=NOW)

    assert told(rule(1), over) == {2: [(Doubt.OVER, [], False, "")]}


def test_contradictions_and_broken_rules_are_told() -> None:
    found = told(shift(1, {"all": [MR, CT]}), rule(2, MR, ActionType.EXCLUDE, ""))

    assert found == {
        1: [(Doubt.NEVER_HOLDS, [], False, "")],
        2: [(Doubt.BROKEN, [], False, "EXCLUDE needs a radiologist's id or a JSON list of ids")],
    }


def test_an_urgency_set_between_may_bring_new_orders_to_a_later_rule() -> None:
    raised = rule(2, is_("site", "A"), ActionType.SET_PRIORITY, "STAT")

    assert told(rule(1, STAT), raised, shift(3, STAT)) == {}
    assert told(rule(1), raised, shift(3, STAT))[3] == [(Doubt.NEVER_REACHED, [1], False, "")]


def test_an_urgency_that_a_later_rule_always_sets_anew_is_overridden() -> None:
    first = rule(1, MR, ActionType.SET_PRIORITY, "STAT")
    later = rule(3, {"all": [STAT, BOTH]}, ActionType.SET_PRIORITY, "URGENT")

    assert told(first, later) == {1: [(Doubt.OVERRIDDEN, [3], False, "")]}
    assert told(first, shift(2, MR), later) == {}
    assert told(first, rule(3, {"all": [CT]}, ActionType.SET_PRIORITY, "URGENT")) == {}


def test_a_reader_who_is_left_out_before_is_named_in_vain() -> None:
    out = rule(1, BOTH, ActionType.EXCLUDE, '["A", "B"]')
    named = rule(2, MR, ActionType.ASSIGN_TO_RADIOLOGIST, "A")

    assert told(out, named) == {2: [(Doubt.EXCLUDED, [1], False, "A")]}
    assert told(rule(1, MR, ActionType.EXCLUDE, "A"), rule(2, BOTH, ActionType.PREFER, "A")) == {}


def test_what_counts_only_when_nothing_else_decided_never_counts_before_a_strict_rule() -> None:
    weak = shift(1, MR, is_terminal=False)

    assert told(weak, shift(2, BOTH, is_strict=True)) == {
        1: [(Doubt.NEVER_COUNTS, [2], False, "")]
    }
    assert told(weak, shift(2, BOTH)) == {}


def test_a_drafted_rule_stands_behind_its_equals() -> None:
    live, drafted = (
        rule(7),
        RuleFacts(-3, 0, "new", 70, MR, ActionType.HOLD, "x", is_terminal=True),
    )

    assert told(drafted, live) == {-3: [(Doubt.NEVER_REACHED, [7], False, "")]}


def test_the_rules_in_whose_way_one_stands_are_told() -> None:
    rules = [rule(1, BOTH), shift(2, MR), shift(3), shift(4, CT)]

    assert [one.id for one in RuleSet(rules, REGIONS, NOW).stands_before(1)] == [2, 4]


def test_an_analysis_that_uses_another_ones_work_says_the_same() -> None:
    rules = [rule(1, BOTH), shift(2, MR), shift(3, CT)]
    before = RuleSet(rules, REGIONS, NOW)
    before.findings()
    changed = [rules[0], shift(2, is_("modality", "US")), rules[2]]

    again = RuleSet(changed, REGIONS, NOW, like=before)

    assert again.findings() == RuleSet(changed, REGIONS, NOW).findings()


LEAVES = st.one_of(
    st.builds(is_, st.just("modality"), st.sampled_from(["MR", "CT", "US"])),
    st.builds(is_, st.just("urgency"), st.sampled_from(["STAT", "URGENT", "ROUTINE"])),
    st.builds(
        lambda op, value: {"field": "patient_age", "op": op, "value": value},
        st.sampled_from(["<", ">=", "="]),
        st.sampled_from([17, 18]),
    ),
)
CONDITIONS = st.one_of(
    LEAVES,
    st.builds(
        lambda name, members: {name: members},
        st.sampled_from(["all", "any", "none"]),
        st.lists(LEAVES, min_size=1, max_size=2),
    ),
)
ACTIONS = st.sampled_from(
    [
        (ActionType.HOLD, "x"),
        (ActionType.ASSIGN_TO_SHIFT, "DAY"),
        (ActionType.SET_PRIORITY, "STAT"),
        (ActionType.SET_PRIORITY, "ROUTINE"),
    ]
)
RULES = st.lists(st.tuples(CONDITIONS, ACTIONS, st.booleans()), min_size=2, max_size=6)


def _every_subject() -> list[Subject]:
    values = product(("", "MR", "CT", "US"), Urgency, (None, 16, 17, 18, 19))
    return [
        cast(
            "Subject",
            SimpleNamespace(
                order=SimpleNamespace(modality=modality), urgency=urgency, patient_age=age
            ),
        )
        for modality, urgency, age in values
    ]


def _reached(rules: list[RuleFacts]) -> set[int]:
    """Return the rules that some order meets, when nobody is ever fit."""
    book, found = RuleBook(rules, REGIONS), set()
    for subject in _every_subject():
        for met in book.matching(subject, NOW, []):
            found.add(met.facts.id)
            subject.urgency = met.target.urgency or subject.urgency
            if met.is_terminal and (met.facts.is_strict or met.facts.action is ActionType.HOLD):
                break
    return found


@given(RULES)
@settings(max_examples=200, deadline=None)
def test_a_rule_that_is_said_never_to_be_reached_is_met_by_no_order(
    drawn: list[tuple[Json, tuple[ActionType, str], bool]],
) -> None:
    rules = [
        rule(place, conditions, *action, is_strict=strict)
        for place, (conditions, action, strict) in enumerate(drawn, start=1)
    ]
    doubts = RuleSet(rules, REGIONS, NOW).findings()
    never = {Doubt.NEVER_REACHED, Doubt.NEVER_HOLDS}
    claimed = {id_ for id_, found in doubts.items() if never & {one.doubt for one in found}}

    assert not claimed & _reached(rules)
