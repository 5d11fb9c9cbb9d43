"""What a decision did not look at, told all the same: other shifts, other rules, differences."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest

from apps.engine.codes import ActionType
from apps.engine.considered import Considered, considered, pool_key
from apps.engine.decision import Snapshot, compile_config, decide
from apps.engine.difference import first_difference
from apps.engine.facts import Config, OrderFacts
from apps.engine.rota import WorkType
from apps.engine.rules_seen import RuleSeen, Verdict, rules_seen
from tests.engine.build import AT, config, department, on, order, reader, rule, shift


def shifts_of(made: Config, asked: OrderFacts | None = None) -> list[Considered]:
    compiled, asked = compile_config(made), asked or order()
    key = pool_key(asked, AT, compiled, compiled.sites[asked.site])
    return considered(AT, compiled, key)


def test_every_shift_answers_for_itself_the_nearest_to_being_asked_first() -> None:
    made = config(
        (
            shift("ASKED"),
            shift("HIGHER", priority_level=20),
            shift("LATER", start_local=time(23), end_local=time(1)),
            shift("BY_PEOPLE", priority_level=-1),
            shift("FAR", sites=frozenset({"FAR"})),
            shift("CT", work_types=(WorkType("CT"),)),
            shift("NOTHING", work_types=(WorkType("CT"),), sites=frozenset(), priority_level=-2),
        ),
        (reader("A"),),
        on("ASKED", "A"),
    )

    found = [(one.shift.code, [cause.value for cause in one.causes]) for one in shifts_of(made)]

    assert found == [
        ("HIGHER", []),
        ("ASKED", []),
        ("LATER", ["not_running"]),
        ("BY_PEOPLE", ["negative_level"]),
        ("FAR", ["other_site"]),
        ("CT", ["other_work"]),
        ("NOTHING", ["other_work", "other_site", "negative_level"]),
    ]


def test_a_shift_that_only_does_not_run_says_when_it_starts_and_one_that_runs_who_is_on() -> None:
    later = shift("LATER", start_local=time(23), end_local=time(1))
    made = config((shift("ASKED"), later), (reader("A"),), on("ASKED", "A"))

    asked, waiting = shifts_of(made)

    assert (asked.people, asked.starts_at) == (("A",), None)
    assert (waiting.people, waiting.starts_at) == ((), AT.replace(hour=13, minute=0))


def test_the_shifts_asked_are_those_of_the_pools() -> None:
    made = department("A", shifts=(shift(), shift("CT", work_types=(WorkType("CT"),))))
    asked = {one.shift.code for one in shifts_of(made) if not one.causes}
    decision = decide(order(), AT, Snapshot(compile_config(made)))

    assert asked == {code for tried in decision.trace["tries"] for code in tried["shifts"]}


def rules_of(made: Config, asked: OrderFacts | None = None) -> list[RuleSeen]:
    compiled, asked = compile_config(made), asked or order()
    decision = decide(asked, AT, Snapshot(compiled))
    return rules_seen(asked, AT, compiled, decision)


def leaf(field: str, op: str, value: object) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def test_each_rule_says_whether_it_held_and_at_which_condition_it_failed() -> None:
    is_ct = {"all": [leaf("site", "=", "ROBINA"), leaf("modality", "=", "CT")]}
    made = department(
        "A",
        rules=(
            rule(1, ActionType.SET_PRIORITY, "STAT", is_terminal=False),
            rule(2, ActionType.HOLD, "x", conditions=is_ct),
            rule(3, ActionType.HOLD, "x", conditions=leaf("urgency", "=", "ROUTINE")),
            rule(4, ActionType.HOLD, "x", active_from=AT + timedelta(days=1)),
            rule(5, ActionType.HOLD, "x", conditions=leaf("nothing", "=", "1")),
            rule(6, ActionType.ASSIGN_TO_RADIOLOGIST, "A"),
            rule(7, ActionType.HOLD, "x"),
        ),
    )

    seen = rules_of(made)

    assert [(one.rule.id, one.verdict) for one in seen] == [
        (1, Verdict.HOLDS),
        (2, Verdict.FAILS),
        (3, Verdict.FAILS),
        (4, Verdict.OUT_OF_TIME),
        (5, Verdict.BROKEN),
        (6, Verdict.DECIDES),
        (7, Verdict.NOT_ASKED),
    ]
    said = [(one.failing.words, one.failing.value) for one in seen if one.failing]
    assert said == [("modality is CT", "MR"), ("urgency is ROUTINE", "STAT")]
    assert "unknown field" in seen[4].problem


@pytest.mark.parametrize(
    ("conditions", "words", "fields", "value"),
    [
        (
            {"any": [leaf("modality", "=", "CT"), leaf("modality", "=", "US")]},
            "(modality is CT or modality is US)",
            ("modality",),
            "",
        ),
        ({"any": [leaf("body_part", "=", "HEAD")]}, "body part is HEAD", ("body_part",), "KNEE"),
        (
            {"none": [leaf("site", "=", "FAR"), leaf("site", "=", "ROBINA")]},
            "not (site is ROBINA)",
            ("site",),
            "ROBINA",
        ),
        (
            leaf("patient_age", "<", 18),
            "patient age in years is below 18",
            ("patient_age",),
            "unknown",
        ),
        (
            {"all": [{"any": [{"all": [leaf("rvu", ">", 5)]}]}]},
            "RVU is above 5",
            ("rvu",),
            "1",
        ),
    ],
)
def test_the_failing_condition_is_the_one_that_people_would_change(
    conditions: dict[str, Any], words: str, fields: tuple[str, ...], value: str
) -> None:
    [seen] = rules_of(
        department("A", rules=(rule(1, ActionType.HOLD, "x", conditions=conditions),))
    )

    assert seen.failing is not None
    assert (seen.failing.words, seen.failing.fields, seen.failing.value) == (words, fields, value)


@pytest.mark.parametrize(
    ("stored", "made", "found"),
    [
        ({"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1}, None),
        ({"a": 1}, {"a": 2}, ("$.a", "1", "2")),
        ({"a": [1, {"b": "x"}]}, {"a": [1, {"b": "y"}]}, ("$.a[1].b", '"x"', '"y"')),
        ({"a": 1}, {}, ("$.a", "1", "nothing")),
        ({}, {"a": {"b": 1}}, ("$.a", "nothing", '{"b":1}')),
        ([1], [1, 2], ("$[1]", "nothing", "2")),
        ({"a": None}, {}, ("$.a", "null", "nothing")),
        ({"a": 1}, {"a": "1"}, ("$.a", "1", '"1"')),
        ({"a": "x" * 500}, {"a": 1}, ("$.a", '"' + "x" * 118 + "…", "1")),
    ],
)
def test_the_first_difference_is_a_path(
    stored: object, made: object, found: tuple[str, str, str] | None
) -> None:
    assert first_difference(stored, made) == found
