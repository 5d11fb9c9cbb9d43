"""The check of conditions before they are saved: place and cause of every fault."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from apps.engine.conditions import FIELDS, ConditionProblem, check, compile_conditions, schema
from apps.engine.conditions.evaluate import ConditionError

GOOD: dict[str, Any] = {"field": "modality", "op": "=", "value": "MR"}


def leaf(field: str, op: str, value: object) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def test_the_schema_is_a_valid_schema_and_lists_every_field() -> None:
    Draft202012Validator.check_schema(schema())

    common, own = schema()["$defs"]["leaf"]["properties"]["field"]["anyOf"]
    assert common == {"enum": list(FIELDS)}
    assert own["pattern"] == r"^own\.[a-z][a-z0-9_]{0,31}$"


FAULTS = [
    ([], "$", "[] is not of type 'object'"),
    ({"all": {}}, "$.all", "{} is not of type 'array'"),
    ({"any": []}, "$.any", "[] should be non-empty"),
    ({"all": [5]}, "$.all[0]", "5 is not of type 'object'"),
    (
        {"some": []},
        "$",
        "only all, any and none are groups; a condition has field, op and value",
    ),
    (
        {**GOOD, "extra": 1},
        "$",
        "only all, any and none are groups; a condition has field, op and value",
    ),
    (leaf("nonsense", "=", "x"), "$.field", "unknown field 'nonsense'"),
    (leaf("own.", "=", "x"), "$.field", "unknown field 'own.'"),
    (leaf("own.Bay", "=", "x"), "$.field", "unknown field 'own.Bay'"),
    (leaf("own.bay\n", "=", "x"), "$.field", "unknown field 'own.bay\\n'"),
    (leaf("own." + "x" * 33, "=", "x"), "$.field", f"unknown field 'own.{'x' * 33}'"),
    (
        leaf("own.bay", "<", "x"),
        "$.op",
        "this field takes only =, !=, in, not-in, contains, matches, exists, ≠",
    ),
    (leaf("modality", "~", "x"), "$.op", "unknown operator '~'"),
    ({"field": "modality", "value": "MR"}, "$", "'op' is missing"),
    ({"field": "modality", "op": "="}, "$", "'value' is missing"),
    (
        {"all": [GOOD, {"none": [leaf("modality", "<", "x")]}]},
        "$.all[1].none[0].op",
        "this field takes only =, !=, in, not-in, contains, matches, exists, ≠",
    ),
    (leaf("modality", "=", 5), "$.value", "5 is not of type 'string'"),
    (leaf("modality", "=", ""), "$.value", "'' should be non-empty"),
    (leaf("modality", "in", "MR"), "$.value", "'MR' is not of type 'array'"),
    (leaf("modality", "in", []), "$.value", "[] should be non-empty"),
    (leaf("modality", "in", ["MR", 7]), "$.value[1]", "7 is not of type 'string'"),
    (leaf("patient_age", "=", "5"), "$.value", "'5' is not of type 'number'"),
    (leaf("patient_age", "=", value=True), "$.value", "True is not of type 'number'"),
    (leaf("patient_age", "between", [1]), "$.value", "[1] is too short"),
    (leaf("patient_age", "between", [1, 2, 3]), "$.value", "[1, 2, 3] is too long"),
    (
        leaf("patient_age", "between", [9, 2]),
        "$.value",
        "the first value of a range is above the second",
    ),
    (
        leaf("time_of_day", "=", "7:30"),
        "$.value",
        "'7:30' does not match '^([01][0-9]|2[0-3]):[0-5][0-9]$'",
    ),
    (
        leaf("date", "=", "24.12.2026"),
        "$.value",
        "'24.12.2026' does not match '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'",
    ),
    (leaf("date", "<", "2026-02-30"), "$.value", "date needs a date such as 2026-12-24"),
    (
        leaf("date", "between", ["2026-12-24", "2026-01-02"]),
        "$.value",
        "the first value of a range is above the second",
    ),
    (leaf("holiday", "=", "yes"), "$.value", "'yes' is not of type 'boolean'"),
    (leaf("modality", "exists", "yes"), "$.value", "'yes' is not of type 'boolean'"),
    (
        leaf("exam_at", "<", "2026-02-04T12:00:00"),
        "$.value",
        "exam time needs a date and time with its offset, such as 2026-02-04T12:00:00+10:00",
    ),
    (
        leaf("exam_at", "<", "soon"),
        "$.value",
        "exam time needs a date and time with its offset, such as 2026-02-04T12:00:00+10:00",
    ),
    (leaf("accession", "matches", "("), "$.value", "a '(' without its ')', at character 2"),
    (
        leaf("accession", "matches", "(a+)+$"),
        "$.value",
        "an endless repeat inside an endless repeat, at character 6",
    ),
]


@pytest.mark.parametrize(("conditions", "path", "message"), FAULTS)
def test_a_fault_is_named_with_its_place(conditions: object, path: str, message: str) -> None:
    assert ConditionProblem(path, message) in check(conditions)


REFUSED_BY_BOTH: list[Any] = [
    leaf("nonsense", "=", "x"),
    leaf("modality", "~", "x"),
    {"some": []},
    {"all": {}},
    {"any": [5]},
    leaf("modality", "in", "MR"),
    leaf("modality", "=", 5),
    leaf("modality", "=", " "),
    leaf("rvu", "=", "5"),
    leaf("rvu", "=", float("nan")),
    leaf("rvu", "<", value=True),
    leaf("rvu", "between", [1]),
    leaf("time_of_day", "=", "24:00"),
    leaf("weekday", "=", 8),
    leaf("weekday", "=", value=True),
    leaf("holiday", "=", 1),
    leaf("exam_at", "<", 5),
    leaf("exam_at", "<", "2026-02-04T12:00:00"),
    leaf("exam_at", "=", "2026-02-04T12:00:00Z"),
    leaf("date", "=", "20261224"),
    leaf("date", "=", "2026-02-30"),
    leaf("modality", "matches", 5),
    leaf("modality", "<", "MR"),
    leaf("rvu", "contains", 1),
    leaf("holiday", ">", value=False),
    leaf("own.Bay", "=", "x"),
    leaf("own.bay\n", "=", "x"),
    {"all": [[]]},
    [],
    "",
    None,
]


@pytest.mark.parametrize("conditions", REFUSED_BY_BOTH)
def test_what_has_no_meaning_is_not_evaluated_either(conditions: dict[str, Any]) -> None:
    assert check(conditions) != []
    with pytest.raises(ConditionError):
        compile_conditions(conditions)


@pytest.mark.parametrize("depth", [9, 100_000])
def test_what_is_nested_too_deep_is_not_evaluated_either(depth: int) -> None:
    deep: dict[str, Any] = {}
    for _ in range(depth - 1):
        deep = {"all": [deep]}

    with pytest.raises(ConditionError, match="nested at most 8 deep"):
        compile_conditions(deep)
    compile_conditions({"all": [{"none": [{"any": [{"all": [{"all": [{"all": [GOOD]}]}]}]}]}]})
    while deep:  # as below
        deep = deep["all"].pop()


def test_several_faults_come_in_the_order_of_their_places() -> None:
    faults = check({"all": [leaf("modality", "=", 5), GOOD, leaf("x", "=", "y")]})

    assert [fault.path for fault in faults] == ["$.all[0].value", "$.all[2].field"]


def test_a_weekday_out_of_range_is_refused() -> None:
    assert [fault.path for fault in check(leaf("weekday", "=", 8))] == ["$.value"]


def test_nesting_and_number_are_bounded() -> None:
    deep: dict[str, Any] = GOOD
    for _ in range(50):
        deep = {"all": [deep]}

    assert [fault.message for fault in check(deep)] == ["conditions are nested at most 8 deep"]
    assert check({"any": [GOOD] * 100}) == []
    [problem] = check({"any": [{"all": [GOOD] * 150}] * 3})
    assert problem == ConditionProblem("$", "a rule has at most 300 conditions")


def test_deep_nesting_from_outside_does_not_exhaust_the_stack() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"all": [deep]}

    assert len(check(deep)) == 1
    while deep:  # Freed link by link: freeing such a chain at once recurses in the interpreter.
        deep = deep["all"].pop()
