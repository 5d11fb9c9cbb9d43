"""Step 3: the rules, their order, effects, terminality, strictness and windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.engine import rules as engine_rules
from apps.engine.codes import ActionType, Outcome, Presence, Reason, Strategy, Urgency
from apps.engine.compiled import compile_config
from apps.engine.conditions import Predicate, Subject
from apps.engine.decision import Snapshot, decide
from apps.engine.facts import Config, RuleFacts, SiteFacts
from apps.engine.rota import LeaveFacts, WorkType
from tests.engine.build import (
    AT,
    ROBINA,
    config,
    decided,
    department,
    load,
    on,
    order,
    reader,
    refusals,
    rule,
    shift,
)
from tests.engine.test_coverage import TODAY

TO_SHIFT = ActionType.ASSIGN_TO_SHIFT
TO_PERSON = ActionType.ASSIGN_TO_RADIOLOGIST


def _deep(levels: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for _ in range(levels - 1):
        made = {"all": [made]}
    return made


NEVER = {"field": "modality", "op": "=", "value": "XX"}


def two_shifts(*rules: RuleFacts, **changes: Any) -> Config:
    """MRI with A and B for our orders, CT with C and D; E is on no shift."""
    return config(
        (shift("MRI"), shift("CT", work_types=(WorkType("CT"),), strategy=Strategy.URGENT)),
        tuple(reader(id_) for id_ in "ABCDE"),
        on("MRI", "A", "B") + on("CT", "C", "D"),
        **{"rules": rules} | changes,
    )


def test_a_rule_replaces_the_pool_by_its_shift() -> None:
    decision = decided(two_shifts(rule(7, TO_SHIFT, "CT", version=3)))

    assert (decision.radiologist, decision.shift, decision.strategy) == (
        "C",
        "CT",
        Strategy.URGENT,
    )
    assert (decision.rule_id, decision.rule_version) == (7, 3)
    assert decision.matched_rules == ((7, 3),)


def test_a_rule_may_use_a_shift_of_a_negative_level() -> None:
    made = department(
        "A", shifts=(shift(priority_level=-5),), rules=(rule(1, TO_SHIFT, "MRI_MSK"),)
    )

    assert decided(made).radiologist == "A"


def test_a_rule_names_a_person_off_shift_and_even_offline() -> None:
    decision = decided(
        two_shifts(rule(1, TO_PERSON, "E")), order(), load("E", presence=Presence.OFFLINE)
    )

    assert (decision.radiologist, decision.shift, decision.strategy) == ("E", None, Strategy.RULE)


def test_a_named_person_on_a_fitting_shift_takes_it_with_them() -> None:
    assert decided(two_shifts(rule(1, TO_PERSON, "B"))).shift == "MRI"
    assert decided(two_shifts(rule(1, TO_PERSON, "C"))).shift is None


def test_a_named_person_does_not_take_a_shift_whose_requirement_they_lack() -> None:
    made = department(
        "A",
        shifts=(shift(required_subspecialty="musculoskeletal"),),
        rules=(rule(1, TO_PERSON, "A"),),
    )

    decision = decided(made)

    assert (decision.radiologist, decision.shift) == ("A", None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"leaves": (LeaveFacts("E", TODAY, TODAY),)}, ["roster", "on_leave"]),
        ({"radiologists": (reader("A"), reader("E", is_active=False))}, ["roster", "inactive"]),
        ({"radiologists": (reader("A"),)}, ["roster", "unknown_radiologist"]),
    ],
)
def test_a_named_person_must_be_active_and_not_on_leave(
    changes: dict[str, Any], code: list[str]
) -> None:
    decision = decided(two_shifts(rule(1, TO_PERSON, "E"), **changes))

    assert decision.trace["tries"][0]["out"] == [["E", None, *code]]
    assert (decision.radiologist, decision.rule_id) == ("A", None)


def test_leave_of_a_named_person_is_judged_on_the_sites_date() -> None:
    # In Brisbane it is the 4th, in Kiritimati the 5th already.
    east = SiteFacts("EAST", "PACIFIC", "Pacific/Kiritimati")
    made = two_shifts(
        rule(1, TO_PERSON, "E", is_strict=True),
        sites=(ROBINA, east),
        leaves=(LeaveFacts("E", TODAY + timedelta(days=1), TODAY + timedelta(days=1)),),
    )

    assert decided(made).radiologist == "E"
    assert decided(made, order(site="EAST")).reason is Reason.RULE_STRICT


def test_when_nobody_is_left_the_next_rule_is_tried_and_at_last_the_default() -> None:
    full = load("C", open_by_urgency=(0, 0, 20)), load("D", open_by_urgency=(0, 0, 20))
    made = two_shifts(rule(1, TO_SHIFT, "CT"), rule(2, TO_PERSON, "E"))

    second = decided(made, order(), *full)
    default = decided(made, order(), *full, load("E", open_by_urgency=(0, 0, 20)))

    assert (second.radiologist, second.rule_id) == ("E", 2)
    assert (default.radiologist, default.rule_id) == ("A", None)
    assert default.matched_rules == ((1, 1), (2, 1))


def test_a_strict_rule_leaves_the_order_unassigned() -> None:
    full = load("C", open_by_urgency=(0, 0, 20)), load("D", open_by_urgency=(0, 0, 20))
    made = two_shifts(rule(1, TO_SHIFT, "CT", is_strict=True), rule(2, TO_PERSON, "E"))

    decision = decided(made, order(), *full)

    assert (decision.outcome, decision.reason, decision.rule_id) == (
        Outcome.UNASSIGNED,
        Reason.RULE_STRICT,
        1,
    )
    assert decided(made).radiologist == "C"


def test_a_rule_for_a_shift_that_is_gone_or_not_running_finds_nobody() -> None:
    assert decided(two_shifts(rule(1, TO_SHIFT, "GONE"))).radiologist == "A"
    assert (
        decided(two_shifts(rule(1, TO_SHIFT, "GONE", is_strict=True))).reason is Reason.RULE_STRICT
    )


def test_rules_run_by_priority_order_then_id() -> None:
    later = rule(1, TO_PERSON, "A", priority_order=9)
    first = rule(5, TO_PERSON, "C", priority_order=2)
    equal = rule(6, TO_PERSON, "D", priority_order=2)

    assert decided(two_shifts(later, equal, first)).radiologist == "C"


def test_a_rule_that_does_not_hold_is_not_among_the_matched() -> None:
    decision = decided(
        two_shifts(rule(1, TO_PERSON, "E", conditions=NEVER), rule(2, TO_SHIFT, "CT"))
    )

    assert decision.matched_rules == ((2, 1),)


def test_a_rule_that_is_not_terminal_waits_for_the_terminal_ones() -> None:
    soft = rule(1, TO_PERSON, "E", is_terminal=False)

    assert decided(two_shifts(soft, rule(2, TO_SHIFT, "CT"))).radiologist == "C"
    alone = decided(two_shifts(soft))
    assert (alone.radiologist, alone.rule_id) == ("E", 1)


def test_a_strict_rule_that_is_not_terminal_is_strict_in_its_turn() -> None:
    soft = rule(1, TO_PERSON, "NOBODY", is_terminal=False, is_strict=True)

    assert decided(two_shifts(soft)).reason is Reason.RULE_STRICT


def test_hold_keeps_the_order_with_its_reason() -> None:
    decision = decided(two_shifts(rule(4, ActionType.HOLD, "awaiting priors")))

    assert (decision.outcome, decision.reason, decision.reason_text, decision.rule_id) == (
        Outcome.HELD,
        Reason.HELD,
        "awaiting priors",
        4,
    )


def test_a_hold_that_is_not_terminal_gives_way_to_a_rule_that_assigns() -> None:
    soft = rule(1, ActionType.HOLD, "first", is_terminal=False)
    other = rule(2, ActionType.HOLD, "second", is_terminal=False)

    assert decided(two_shifts(soft, rule(3, TO_SHIFT, "CT"))).radiologist == "C"
    assert decided(two_shifts(soft, other)).reason_text == "first"


@pytest.mark.parametrize("target", ["A", '["A"]', '["A", "X"]'])
def test_exclude_leaves_readers_out(target: str) -> None:
    decision = decided(two_shifts(rule(1, ActionType.EXCLUDE, target)))

    assert decision.radiologist == "B"
    assert refusals(decision) == {"A": ["rule", "excluded_by_rule"]}
    assert decision.rule_id is None


def test_excluding_everybody_is_the_reason() -> None:
    made = two_shifts(rule(1, ActionType.EXCLUDE, '["A"]'), rule(2, ActionType.EXCLUDE, '["B"]'))

    assert decided(made).reason is Reason.EXCLUDED


def test_an_exclusion_binds_the_rules_after_it_only() -> None:
    before = two_shifts(rule(1, ActionType.EXCLUDE, "E"), rule(2, TO_PERSON, "E"))
    after = two_shifts(rule(1, TO_PERSON, "E"), rule(2, ActionType.EXCLUDE, "E"))

    assert decided(before).radiologist == "A"
    assert decided(after).radiologist == "E"


def test_set_priority_changes_the_urgency_for_shifts_and_later_rules() -> None:
    stat_shift = shift("STAT", work_types=(WorkType(urgency="STAT"),), priority_level=50)
    made = two_shifts(
        rule(1, TO_PERSON, "D", conditions={"field": "urgency", "op": "=", "value": "STAT"}),
        rule(2, ActionType.SET_PRIORITY, "STAT"),
        rule(
            3, ActionType.HOLD, "x", conditions={"field": "urgency", "op": "=", "value": "ROUTINE"}
        ),
    )
    made = replace(made, shifts=(*made.shifts, stat_shift), roster=made.roster + on("STAT", "E"))

    decision = decided(made)

    assert (decision.radiologist, decision.shift, decision.urgency) == ("E", "STAT", Urgency.STAT)
    assert decision.matched_rules == ((2, 1),)


def test_a_rule_after_set_priority_is_found_by_the_new_urgency() -> None:
    made = two_shifts(
        rule(2, ActionType.SET_PRIORITY, "STAT"),
        rule(3, TO_PERSON, "E", conditions={"field": "urgency", "op": "=", "value": "STAT"}),
    )

    assert decided(made).radiologist == "E"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, "E"),
        (AT, None, "E"),
        (AT + timedelta(seconds=1), None, "A"),
        (None, AT + timedelta(seconds=1), "E"),
        (None, AT, "A"),
    ],
)
def test_the_active_window_includes_its_start_and_not_its_end(
    start: datetime | None, end: datetime | None, expected: str
) -> None:
    windowed = rule(1, TO_PERSON, "E", active_from=start, active_until=end)

    assert decided(two_shifts(windowed)).radiologist == expected


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        (rule(1, TO_PERSON, "E", conditions={"field": "nonsense", "op": "="}), "unknown field"),
        (rule(1, TO_PERSON, "E", conditions={"field": "rvu", "op": "~"}), "unknown operator"),
        (rule(1, TO_PERSON, "E", conditions={"all": 5}), "needs a list"),
        (rule(1, TO_PERSON, "E", conditions={"some": []}), "unknown group"),
        (rule(1, TO_PERSON, "E", conditions=[]), "conditions are an object"),
        (rule(1, TO_PERSON, "E", conditions={"all": [None]}), "conditions are an object"),
        (rule(1, TO_PERSON, "E", conditions=_deep(9)), "nested at most 8 deep"),
        (rule(1, TO_PERSON, "E", conditions=_deep(500)), "nested at most 8 deep"),
        (
            rule(1, TO_PERSON, "E", conditions={"field": "rvu", "op": "matches", "value": "1"}),
            "rvu",
        ),
        (rule(1, TO_PERSON, " "), "needs a radiologist's id"),
        (rule(1, TO_SHIFT, ""), "needs a shift's code"),
        (rule(1, ActionType.SET_PRIORITY, "SOON"), "STAT, URGENT or ROUTINE"),
        (rule(1, ActionType.USE_STRATEGY, "MANUAL"), "the strategy is one of LOAD_BALANCED"),
        (rule(1, ActionType.EXCLUDE, "[1]"), "texts in double quotes"),
        (rule(1, ActionType.EXCLUDE, "[broken"), "the list is no JSON"),
        (rule(1, ActionType.EXCLUDE, "[]"), "EXCLUDE needs"),
        (rule(1, ActionType.PREFER, ""), "PREFER needs"),
        (rule(1, ActionType.REQUIRE_CREDENTIAL, '[" "]'), "none of them empty"),
        (rule(1, ActionType.ASSIGN_TO_WORKLIST, ""), "ASSIGN_TO_WORKLIST needs"),
        (rule(1, ActionType.OVERFLOW, "[broken"), "the list is no JSON"),
    ],
)
def test_a_broken_rule_is_skipped_and_named(broken: RuleFacts, cause: str) -> None:
    made = two_shifts(broken)

    decision = decided(made)

    assert decision.radiologist == "A"
    [[id_, version, said]] = decision.trace["skipped"]
    assert (id_, version) == (1, 1)
    assert cause in said
    [problem] = compile_config(made).problems
    assert problem.startswith("rule 1: ")


def test_a_rule_that_raises_is_skipped_and_the_next_one_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def explode(conditions: object, _regions: object) -> list[tuple[object, Predicate]]:
        def predicate(_subject: Subject) -> bool:
            raise ZeroDivisionError

        return [(conditions, predicate)]

    with monkeypatch.context() as patched:
        patched.setattr(engine_rules, "compile_parts", explode)
        compiled = compile_config(two_shifts(rule(1, TO_PERSON, "E")))

    decision = decide(order(), AT, Snapshot(compiled))

    assert decision.radiologist == "A"
    assert decision.trace["skipped"] == [[1, 1, "ZeroDivisionError"]]


def test_the_index_finds_what_evaluating_every_rule_finds() -> None:
    sites = ("ROBINA", "robina", "FAR")
    rules = tuple(
        rule(
            n,
            ActionType.EXCLUDE,
            f"X{n}",
            conditions={
                "all": [
                    {"field": "site", "op": "=", "value": sites[n % 3]},
                    {
                        "field": "modality",
                        "op": "in",
                        "value": [["MR"], ["CT", "mr"], ["US"]][n % 7 % 3],
                    },
                    {
                        "all": [
                            {
                                "field": "body_part",
                                "op": "=",
                                "value": ["MSK", "KNEE", "HEAD"][n % 5 % 3],
                            }
                        ]
                    },
                    {"field": "modality", "op": "=", "value": "MR"},
                ]
            },
        )
        for n in range(1, 60)
    )
    compiled = compile_config(two_shifts(*rules))

    for asked in (order(), order(site="FAR"), order(modality="CT"), order(body_part="")):
        site = compiled.sites.get(asked.site)
        everything = [
            (held.facts.id, 1)
            for held in compiled.rules.rules
            if held.predicate(Subject(asked, AT, site))
        ]
        assert list(decide(asked, AT, Snapshot(compiled)).matched_rules) == everything
