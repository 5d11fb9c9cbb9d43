"""What is concluded from conditions is what trying every order would show."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.codes import Urgency
from apps.engine.conditions import Subject, check, compile_conditions
from apps.engine.conditions.logic import (
    Meaning,
    always,
    can_hold,
    can_meet,
    conflict,
    implies,
    left_by,
)

Json = dict[str, Any]
MORNING, NIGHT = 7 * 60, 23 * 60


def leaf(field: str, op: str, value: object) -> Json:
    return {"field": field, "op": op, "value": value}


def subject(
    modality: str = "",
    body_part: str = "",
    urgency: Urgency = Urgency.ROUTINE,
    age: int | None = None,
    minute: int | None = None,
    weekday: int | None = None,
    *,
    holiday: bool | None = None,
    text: str = "",
) -> Subject:
    """Return what the evaluation asks of an order, without the order's own rules."""
    order = SimpleNamespace(modality=modality, body_part=body_part, procedure_text=text)
    found = SimpleNamespace(
        order=order,
        urgency=urgency,
        patient_age=age,
        minute_of_day=minute,
        weekday=weekday,
        is_holiday=holiday,
    )
    return cast("Subject", found)


# Every value that a generated condition can tell from another one.
EVERY = [
    subject(modality, part, urgency, age, minute, holiday=holiday)
    for modality, part, urgency, age, minute, holiday in product(
        ("", "MR", "CT", "US"),
        ("", "KNEE", "MSK", "HEAD", "LUNG"),
        Urgency,
        (None, 16, 17, 18, 19, 20),
        (None, 0, MORNING - 1, MORNING, 12 * 60, NIGHT, NIGHT + 1),
        (None, True, False),
    )
]


def _words(field: str, *values: str) -> st.SearchStrategy[Json]:
    one = st.builds(leaf, st.just(field), st.sampled_from(["=", "!="]), st.sampled_from(values))
    some = st.lists(st.sampled_from(values), min_size=1, max_size=2)
    many = st.builds(leaf, st.just(field), st.sampled_from(["in", "not-in"]), some)
    known = st.builds(leaf, st.just(field), st.just("exists"), st.booleans())
    return one | many | known


def _numbers(field: str, values: list[Any]) -> st.SearchStrategy[Json]:
    order = st.sampled_from(["<", "<=", ">", ">=", "=", "!="])
    one = st.builds(leaf, st.just(field), order, st.sampled_from(values))
    pair = st.tuples(st.sampled_from(values), st.sampled_from(values)).map(sorted)
    both = st.builds(leaf, st.just(field), st.just("between"), pair)
    return one | both


LEAVES = st.one_of(
    _words("modality", "MR", "ct"),
    _words("body_part", "KNEE", "MSK", "HEAD"),
    _words("urgency", "STAT", "URGENT", "ROUTINE"),
    _numbers("patient_age", [17, 18, 18.5, 19]),
    _numbers("time_of_day", ["07:00", "23:00"]),
    st.just(leaf("time_of_day", "between", ["23:00", "07:00"])),
    st.builds(leaf, st.just("holiday"), st.sampled_from(["=", "!="]), st.booleans()),
)


def _groups(children: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    members = st.lists(children, min_size=1, max_size=3)
    return st.dictionaries(st.sampled_from(["all", "any", "none"]), members, max_size=2)


CONDITIONS = st.recursive(LEAVES, _groups, max_leaves=6)


@given(CONDITIONS)
@settings(max_examples=150, deadline=None)
def test_whether_conditions_can_hold_and_always_do_is_what_trying_shows(conditions: Json) -> None:
    assert check(conditions) == []
    holds = compile_conditions(conditions)
    tried = [holds(one) for one in EVERY]

    assert can_hold(conditions) == any(tried)
    assert always(conditions) == all(tried)


@given(CONDITIONS, CONDITIONS)
@settings(max_examples=150, deadline=None)
def test_whether_conditions_entail_others_is_what_trying_shows(one: Json, other: Json) -> None:
    first, second = compile_conditions(one), compile_conditions(other)
    narrow, wide = Meaning(one), Meaning(other)
    met = [subject_ for subject_ in EVERY if first(subject_)]

    assert implies(narrow, wide) == all(second(one) for one in met)
    assert can_meet(narrow, wide) == any(second(one) for one in met)
    left = left_by(narrow.holds or (), wide)
    assert left is not None
    assert bool(left) == any(not second(one) for one in met)


TEXTS = ["", "MAMMO", "MAMMOGRAPHY BILATERAL", "CHEST PA", "ABDOMEN", "B"]
_PARTS = st.builds(
    leaf,
    st.just("procedure_text"),
    st.sampled_from(["contains", "matches", "="]),
    st.sampled_from(["MAMMO", "mammography", "CHEST", "B"]),
)


@given(st.recursive(_PARTS, _groups, max_leaves=5), st.recursive(_PARTS, _groups, max_leaves=5))
@settings(max_examples=150, deadline=None)
def test_of_parts_of_texts_nothing_false_is_claimed(one: Json, other: Json) -> None:
    first, second = compile_conditions(one), compile_conditions(other)
    every = [subject(text=text) for text in TEXTS]
    met = [subject_ for subject_ in every if first(subject_)]

    assert can_hold(one) or not met
    assert not always(one) or met == every
    assert not implies(Meaning(one), Meaning(other)) or all(second(one) for one in met)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (leaf("procedure_text", "contains", "MAMMOGRAPHY"), "mammo", True),
        (leaf("procedure_text", "=", "mammo left"), "MAMMO", True),
        (leaf("procedure_text", "contains", "mamm"), "mammo", False),
        (leaf("procedure_text", "exists", value=True), "mammo", False),
    ],
    ids=["longer part", "whole text", "shorter part", "any text"],
)
def test_a_text_that_holds_a_part_holds_the_parts_of_the_part(
    one: Json, other: str, *, expected: bool
) -> None:
    wide = Meaning(leaf("procedure_text", "contains", other))

    assert implies(Meaning(one), wide) is expected


def test_a_body_part_lies_in_its_region() -> None:
    knee, msk = (Meaning(leaf("body_part", "=", part)) for part in ("KNEE", "MSK"))

    assert implies(knee, msk)
    assert not implies(msk, knee)


def test_moments_and_weekdays_are_stretches() -> None:
    early = datetime(2026, 2, 4, tzinfo=UTC).isoformat()
    late = datetime(2026, 2, 5, tzinfo=UTC).isoformat()

    def exam(op: str, moment: str) -> Json:
        return leaf("exam_at", op, moment)

    assert not can_hold({"all": [exam("<", early), exam(">", late)]})
    assert implies(Meaning(exam(">", late)), Meaning(exam(">=", early)))
    weekend = Meaning(leaf("weekday", "between", ["SAT", "SUN"]))
    assert implies(Meaning(leaf("weekday", "in", [6, 7])), weekend)
    assert implies(weekend, Meaning(leaf("weekday", "between", ["FRI", "MON"])))


def test_a_number_that_is_measured_lies_between_any_two() -> None:
    assert can_hold({"all": [leaf("rvu", ">", 1), leaf("rvu", "<", 1.1)]})
    assert not can_hold({"all": [leaf("patient_age", ">", 17), leaf("patient_age", "<", 18)]})


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (
            {"all": [leaf("site", "=", "A"), leaf("modality", "=", "MR"), leaf("modality", "=", "CT")]},
            [leaf("modality", "=", "MR"), leaf("modality", "=", "CT")],
        ),
        (
            {"all": [leaf("urgency", "=", "STAT")], "none": [leaf("urgency", "in", ["STAT", "URGENT"])]},
            [{"none": [leaf("urgency", "in", ["STAT", "URGENT"])]}, leaf("urgency", "=", "STAT")],
        ),
        (
            {"all": [leaf("urgency", "=", "SOON")]},
            [leaf("urgency", "=", "SOON")],
        ),
        ({"all": [leaf("modality", "=", "MR"), leaf("site", "=", "A")]}, []),
    ],
    ids=["two values", "all and none", "no such urgency", "none"],
)  # fmt: skip
def test_the_conditions_that_contradict_are_named(conditions: Json, expected: list[Json]) -> None:
    assert conflict(conditions) == expected


@pytest.mark.parametrize(
    "conditions",
    [
        {"all": [leaf("no_such_field", "=", "x")]},
        {"all": [leaf("modality", "contains", 5)]},
        {"some": []},
        {"all": "MR"},
        {"all": ["MR"]},
        {"all": [{"any": [leaf("modality", "!=", f"{n}{m}"), leaf("rvu", "=", n)]} for n in range(9)
                 for m in range(9)]},
    ],
    ids=["field", "value", "group", "no list", "no condition", "too many alternatives"],
)  # fmt: skip
def test_of_what_cannot_be_read_nothing_is_claimed(conditions: Json) -> None:
    found, anything = Meaning(conditions), Meaning({})

    assert found.can_hold
    assert not found.is_always
    assert not implies(found, Meaning({"any": []}))
    assert can_meet(found, anything)
    assert conflict({"all": [leaf("modality", "=", "MR")]}) == []


def test_a_field_that_may_change_between_is_not_counted_on() -> None:
    stat_mr = Meaning({"all": [leaf("urgency", "=", "STAT"), leaf("modality", "=", "MR")]})

    assert implies(stat_mr, Meaning(leaf("urgency", "=", "STAT")))
    assert not implies(stat_mr, Meaning(leaf("urgency", "=", "STAT")), ignoring={"urgency"})
    assert implies(stat_mr, Meaning(leaf("modality", "=", "MR")), ignoring={"urgency"})
