"""Whether one reader may (still) read an order."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from apps.engine.codes import ActionType, Presence, Refused, Step, Urgency
from apps.engine.decision import Refusal, Snapshot, compile_config, fitness
from apps.engine.facts import Credential, RuleFacts
from apps.engine.rota import LeaveFacts
from tests.engine.build import AT, department, load, loads, on, order, reader, rule, shift
from tests.engine.test_coverage import TODAY

CAPACITY = Refusal(Step.CAPACITY, Refused.CONCURRENT_FULL, (20, 20))


def fit(
    *held: Any,
    changes: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    id_: str = "A",
    at: datetime = AT,
    **asked: Any,
) -> Refusal | None:
    made = department("A", **(changes or {}))
    snapshot = Snapshot(compile_config(made), loads(*held))
    return fitness(order(**(facts or {})), at, snapshot, id_, **{"shift": None} | asked)


def test_a_fit_reader() -> None:
    assert fit() is None
    assert fit(load("A", presence=Presence.OFFLINE), shift="MRI_MSK") is None


def test_capacity_counts_only_when_asked() -> None:
    full = load("A", open_by_urgency=(0, 0, 20))

    assert fit(full) == CAPACITY
    assert fit(full, count_capacity=False) is None


def test_stat_and_escalated_pass_the_hourly_limit() -> None:
    busy = load("A", assigned_last_hour=8)

    assert fit(busy) == Refusal(Step.CAPACITY, Refused.HOURLY_FULL, (8, 8))
    assert fit(busy, escalated=True) is None
    assert fit(busy, facts={"urgency": Urgency.STAT}) is None


@pytest.mark.parametrize(
    ("facts", "changes", "id_", "expected"),
    [
        ({}, {}, "X", Refusal(Step.ROSTER, Refused.UNKNOWN_PERSON)),
        ({"site": "?"}, {}, "A", Refusal(Step.SHIFT, Refused.UNKNOWN_SITE)),
        (
            {},
            {"readers": (reader("A", is_active=False),)},
            "A",
            Refusal(Step.ROSTER, Refused.INACTIVE),
        ),
        (
            {},
            {"leaves": (LeaveFacts("A", TODAY, TODAY),)},
            "A",
            Refusal(Step.ROSTER, Refused.ON_LEAVE),
        ),
        (
            {"required_credentials": frozenset({"C"})},
            {},
            "A",
            Refusal(Step.COMPETENCY, Refused.CREDENTIAL, ("C",)),
        ),
    ],
)
def test_why_not(
    facts: dict[str, Any], changes: dict[str, Any], id_: str, expected: Refusal
) -> None:
    assert fit(facts=facts, changes=changes, id_=id_) == expected


def test_the_shifts_requirement_counts_when_it_is_named() -> None:
    changes = {"shifts": (shift(required_subspecialty="musculoskeletal"),)}

    assert fit(changes=changes) is None
    assert fit(changes=changes, shift="GONE") is None
    assert fit(changes=changes, shift="MRI_MSK") == Refusal(
        Step.COMPETENCY, Refused.SUBSPECIALTY, ("musculoskeletal",)
    )


ASKING = ActionType.REQUIRE_CREDENTIAL
MR = {"field": "modality", "op": "=", "value": "MR"}
LACKS = Refusal(Step.COMPETENCY, Refused.RULE_CREDENTIAL, ("CARDIAC", "rule 5"))


def before(action: ActionType, target: str, **changes: Any) -> RuleFacts:
    return rule(1, action, target, **({"priority_order": 1} | changes))


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        (None, LACKS),
        (before(ActionType.ASSIGN_TO_RADIOLOGIST, "A"), None),
        (before(ActionType.ASSIGN_TO_RADIOLOGIST, "B"), LACKS),
        (before(ActionType.ASSIGN_TO_RADIOLOGIST, "B", is_strict=True), None),
        (before(ActionType.ASSIGN_TO_RADIOLOGIST, "A", is_terminal=False), LACKS),
        (before(ActionType.ASSIGN_TO_SHIFT, "MRI_MSK"), None),
        (before(ActionType.ASSIGN_TO_WORKLIST, '["B", "MRI_MSK"]'), None),
        (before(ActionType.OVERFLOW, ""), None),
        (before(ActionType.HOLD, ""), None),
        (before(ActionType.EXCLUDE, "A", is_terminal=False), LACKS),
        (before(ActionType.SET_PRIORITY, "STAT", is_terminal=False), LACKS),
    ],
    ids=["alone", "to them", "to another", "strictly", "later", "to their shift", "to their list",
         "overflow", "held", "excluded", "urgency"],
)  # fmt: skip
def test_credentials_that_rules_ask_for_count_unless_a_rule_gives_it_before(
    earlier: RuleFacts | None, expected: Refusal | None
) -> None:
    asking = rule(5, ASKING, '["CARDIAC"]', name="rule 5", priority_order=5, is_terminal=False)
    made = {"rules": tuple(one for one in (earlier, asking) if one)}

    assert fit(changes=made) == expected
    assert fit(changes=made, asks_rules=False) is None


def test_a_rule_asks_only_those_whose_order_it_meets_under_the_urgency_set_before_it() -> None:
    stat = {"field": "urgency", "op": "=", "value": "STAT"}
    raised = before(ActionType.SET_PRIORITY, "STAT", conditions=MR, is_terminal=False)
    asking = rule(5, ASKING, "CARDIAC", name="rule 5", conditions=stat, is_terminal=False)
    changes = {"rules": (raised, asking)}
    holds = reader("A", credentials=(Credential("CARDIAC"),))

    assert fit(changes=changes) == LACKS
    assert fit(changes=changes, facts={"modality": "CT"}) is None
    assert fit(changes=changes | {"readers": (holds,)}) is None


def test_a_night_that_began_before_the_leave_is_worked_to_its_end() -> None:
    night = shift("NIGHT", start_local=time(22), end_local=time(6))
    tomorrow = TODAY + timedelta(days=1)
    changes = {
        "shifts": (night,),
        "roster": on("NIGHT", "A"),
        "leaves": (LeaveFacts("A", tomorrow, tomorrow),),
    }
    after_midnight = datetime(2026, 2, 4, 17, tzinfo=UTC)

    assert fit(changes=changes, at=after_midnight, shift="NIGHT") is None
    assert fit(changes=changes, at=after_midnight) == Refusal(Step.ROSTER, Refused.ON_LEAVE)
