"""What each operator of the condition language says, for each type of field."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.engine.codes import Urgency
from apps.engine.conditions import FIELDS, Subject, check, compile_conditions, in_words
from apps.engine.facts import OrderFacts
from tests.engine.build import AT, ROBINA, order

# 22:05 on a Wednesday in Brisbane, ten and a half minutes after the order came.
ORDER = order(
    subspecialty="",
    urgency=Urgency.STAT,
    received_at=AT - timedelta(minutes=10, seconds=30),
    procedure="MRI MSK",
    procedure_text="MRI MUSCULOSKELETAL (left)",
    rvu=Decimal("1.5"),
    exam_at=datetime(2026, 2, 4, 12, tzinfo=UTC),
    sender="PACS",
    ordering_provider="Roe^Jane",
    patient_class="E",
    patient_location="ED^Bay 3",
    patient_sex="F",
    patient_birth_on=date(1980, 2, 5),
    indication="Fell from a ladder\nKnee pain",
    required_credentials=frozenset({"MQSA", "CT1"}),
    required_subspecialty="musculoskeletal",
    ordered_at=datetime(2026, 2, 3, 12, tzinfo=UTC),
    scheduled_at=datetime(2026, 2, 5, 12, tzinfo=UTC),
    visit="V123",
    units=Decimal("2.5"),
    own={"room": "Bay 3", "empty": ""},
)
BARE = order(modality="", body_part="", site="", issuer="", accession="")


def holds(conditions: dict[str, Any], facts: OrderFacts = ORDER, at: datetime = AT) -> bool:
    subject = Subject(
        facts,
        at,
        ROBINA if facts.site == "ROBINA" else None,
        {"GOLD_COAST": frozenset({date(2026, 2, 5)}), "ROBINA": frozenset({date(2026, 2, 6)})},
    )
    return compile_conditions(conditions)(subject)


def leaf(field: str, op: str, value: object = None) -> dict[str, Any]:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


LEAVES = [
    ("modality", "=", "MR", True),
    ("modality", "=", "mr", True),
    ("modality", "=", "CT", False),
    ("modality", "!=", "CT", True),
    ("modality", "≠", "MR", False),
    ("modality", "in", ["CT", "MR"], True),
    ("modality", "in", ["CT", "US"], False),
    ("modality", "not-in", ["CT", "US"], True),
    ("modality", "not-in", ["CT", "MR"], False),
    ("modality", "exists", None, True),
    ("modality", "exists", True, True),
    ("modality", "exists", False, False),
    ("body_part", "=", "KNEE", True),
    ("body_part", "=", "MSK", True),
    ("body_part", "=", "msk", True),
    ("body_part", "=", "HIP", False),
    ("body_part", "!=", "MSK", False),
    ("body_part", "in", ["HEAD", "MSK"], True),
    ("body_part", "not-in", ["HEAD", "MSK"], False),
    ("body_part", "not-in", ["HEAD"], True),
    ("body_part", "contains", "MSK", True),
    ("body_part", "contains", "NEE", True),
    ("body_part", "contains", "NEURO", False),
    ("body_part", "matches", "^(knee|hip)$", True),
    ("subspecialty", "=", "musculoskeletal", True),
    ("urgency", "=", "STAT", True),
    ("urgency", "in", ["URGENT", "ROUTINE"], False),
    ("site", "=", "ROBINA", True),
    ("cluster", "=", "GOLD_COAST", True),
    ("issuer", "=", "RIS", True),
    ("sender", "=", "PACS", True),
    ("procedure", "=", "MRI MSK", True),
    ("procedure_text", "contains", "musculo", True),
    ("procedure_text", "contains", "neuro", False),
    ("procedure_text", "matches", r"\(left\)$", True),
    ("procedure_text", "matches", r"right", False),
    ("ordering_provider", "contains", "roe", True),
    ("patient_class", "in", ["E", "I"], True),
    ("patient_location", "matches", r"\bbay \d", True),
    ("patient_sex", "=", "F", True),
    ("accession", "matches", "^ACC", True),
    ("indication", "contains", "LADDER", True),
    ("indication", "matches", "ladder.knee", False),
    ("indication", "matches", r"ladder\sknee", True),
    ("patient_age", "=", 45, True),
    ("patient_age", "=", 46, False),
    ("patient_age", "<", 46, True),
    ("patient_age", "<", 45, False),
    ("patient_age", "<=", 45, True),
    ("patient_age", "≤", 44, False),
    ("patient_age", ">", 44, True),
    ("patient_age", ">", 45, False),
    ("patient_age", ">=", 45, True),
    ("patient_age", "≥", 46, False),
    ("patient_age", "between", [45, 50], True),
    ("patient_age", "between", [40, 45], True),
    ("patient_age", "between", [46, 50], False),
    ("patient_age", "in", [45, 46], True),
    ("patient_age", "not-in", [45, 46], False),
    ("age_minutes", "=", 10, True),
    ("age_minutes", ">", 10, False),
    ("rvu", "=", 1.5, True),
    ("rvu", ">", 1.4999, True),
    ("rvu", "between", [0, 1.49], False),
    ("time_of_day", "=", "22:05", True),
    ("time_of_day", "<", "22:06", True),
    ("time_of_day", ">=", "22:06", False),
    ("time_of_day", "between", ["22:00", "06:00"], True),
    ("time_of_day", "between", ["06:00", "22:00"], False),
    ("time_of_day", "between", ["22:05", "22:05"], True),
    ("weekday", "=", 3, True),
    ("weekday", "=", "WED", True),
    ("weekday", "!=", "wed", False),
    ("weekday", "in", ["SAT", 7], False),
    ("weekday", "between", ["MON", "FRI"], True),
    ("weekday", "between", ["FRI", "MON"], False),
    ("weekday", "between", ["SAT", "WED"], True),
    ("date", "=", "2026-02-04", True),
    ("date", "!=", "2026-02-04", False),
    ("date", "in", ["2026-02-03", "2026-02-04"], True),
    ("date", "not-in", ["2026-02-03"], True),
    ("date", "<", "2026-02-04", False),
    ("date", "≤", "2026-02-04", True),
    ("date", "between", ["2026-01-26", "2026-02-04"], True),
    ("date", "between", ["2026-02-05", "2026-02-06"], False),
    ("date", "exists", True, True),
    ("units", "=", 2.5, True),
    ("units", ">", 2.5, False),
    ("visit", "=", "v123", True),
    ("required_credentials", "=", "CT1, MQSA", True),
    ("required_credentials", "contains", "mqsa", True),
    ("required_credentials", "contains", "PET", False),
    ("required_subspecialty", "=", "musculoskeletal", True),
    ("ordered_at", "<", "2026-02-04T00:00:00Z", True),
    ("scheduled_at", ">", "2026-02-05T22:00:00+10:00", False),
    ("scheduled_at", ">=", "2026-02-05T22:00:00+10:00", True),
    ("own.room", "=", "BAY 3", True),
    ("own.room", "!=", "Bay 3", False),
    ("own.room", "in", ["bay 2", "bay 3"], True),
    ("own.room", "not-in", ["bay 2", "bay 3"], False),
    ("own.room", "contains", "3", True),
    ("own.room", "matches", "^bay [12]$", False),
    ("own.room", "exists", True, True),
    ("own.empty", "exists", True, False),
    ("own.never_sent", "=", "x", False),
    ("own.never_sent", "!=", "x", True),
    ("own.never_sent", "exists", False, True),
    ("holiday", "=", False, True),
    ("holiday", "=", True, False),
    ("holiday", "!=", True, True),
    ("exam_at", "exists", True, True),
    ("exam_at", "<", "2026-02-04T12:00:01+00:00", True),
    ("exam_at", ">=", "2026-02-04T22:00:00+10:00", True),
    ("exam_at", "between", ["2026-02-04T00:00:00Z", "2026-02-05T00:00:00Z"], True),
    ("received_at", "<", "2026-02-04T00:00:00Z", False),
    ("report_due_at", "exists", True, False),
    ("report_due_at", "exists", False, True),
]


@pytest.mark.parametrize(("field", "op", "value", "expected"), LEAVES)
def test_an_operator(field: str, op: str, value: object, expected: bool) -> None:
    conditions = leaf(field, op, value)

    assert check(conditions) == []
    assert holds(conditions) is expected


def test_every_field_has_a_case() -> None:
    assert {row[0] for row in LEAVES if not row[0].startswith("own.")} == set(FIELDS)


UNKNOWN = [
    leaf("modality", "=", "MR"),
    leaf("modality", "in", ["MR"]),
    leaf("modality", "contains", "M"),
    leaf("modality", "matches", ".*"),
    leaf("modality", "exists", value=True),
    leaf("patient_age", "<", 200),
    leaf("patient_age", ">=", 0),
    leaf("patient_age", "between", [0, 200]),
    leaf("patient_age", "=", 0),
    leaf("time_of_day", "between", ["00:00", "23:59"]),
    leaf("weekday", "in", [1, 2, 3, 4, 5, 6, 7]),
    leaf("holiday", "=", value=False),
    leaf("exam_at", "<", "2999-01-01T00:00:00Z"),
    leaf("cluster", "=", "GOLD_COAST"),
    leaf("date", "between", ["0001-01-01", "9999-12-31"]),
    leaf("required_credentials", "contains", "C"),
    leaf("own.room", "matches", ".*"),
]
NOT_KNOWN = [
    leaf("modality", "!=", "MR"),
    leaf("modality", "not-in", ["MR"]),
    leaf("modality", "exists", value=False),
    leaf("patient_age", "!=", 5),
    leaf("patient_age", "not-in", [5]),
    leaf("patient_age", "exists", value=False),
    leaf("weekday", "not-in", [1]),
    leaf("holiday", "!=", value=True),
    leaf("exam_at", "exists", value=False),
    leaf("date", "!=", "2026-02-04"),
    leaf("own.room", "not-in", ["Bay 3"]),
]


@pytest.mark.parametrize("conditions", UNKNOWN)
def test_an_unknown_value_satisfies_nothing_else(conditions: dict[str, Any]) -> None:
    assert holds(conditions, BARE) is False


@pytest.mark.parametrize("conditions", NOT_KNOWN)
def test_an_unknown_value_satisfies_not_equal_and_not_exists(conditions: dict[str, Any]) -> None:
    assert holds(conditions, BARE) is True


YES, NO = leaf("modality", "=", "MR"), leaf("modality", "=", "CT")


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, True),
        (YES, True),
        ({"all": []}, True),
        ({"all": [YES, YES]}, True),
        ({"all": [YES, NO]}, False),
        ({"any": [NO, YES]}, True),
        ({"any": [NO, NO]}, False),
        ({"none": [NO, NO]}, True),
        ({"none": [NO, YES]}, False),
        ({"none": []}, True),
        ({"all": [YES, {"any": [NO, {"none": [NO]}]}]}, True),
        ({"all": [YES, {"any": [NO, {"none": [YES]}]}]}, False),
        ({"all": [YES], "none": [NO]}, True),
        ({"all": [YES], "none": [YES]}, False),
        ({"all": [{}]}, True),
    ],
)
def test_groups(conditions: dict[str, Any], expected: bool) -> None:
    assert check(conditions) == []
    assert holds(conditions) is expected


@pytest.mark.parametrize(
    ("hours", "is_holiday"),
    [(0, False), (2, True), (26, True), (50, False)],
    ids=["Wednesday", "the cluster's", "the site's", "Saturday"],
)
def test_a_holiday_is_that_of_the_site_or_its_cluster_on_the_local_date(
    hours: int, is_holiday: bool
) -> None:
    at = AT + timedelta(hours=hours)

    assert holds(leaf("holiday", "=", value=True), at=at) is is_holiday


def test_the_patients_age_changes_on_the_local_birthday() -> None:
    before, after = AT + timedelta(hours=1, minutes=54), AT + timedelta(hours=1, minutes=55)

    assert holds(leaf("patient_age", "=", 45), at=before)
    assert holds(leaf("patient_age", "=", 46), at=after)


def test_the_date_is_the_sites() -> None:
    after_midnight = AT + timedelta(hours=1, minutes=55)

    assert holds(leaf("date", "=", "2026-02-04"), at=after_midnight - timedelta(seconds=1))
    assert holds(leaf("date", "=", "2026-02-05"), at=after_midnight)


@pytest.mark.parametrize(
    ("hour_utc", "expected"),
    [(11, False), (12, True), (13, True), (17, True), (20, True), (21, False)],
)
def test_between_runs_over_midnight(hour_utc: int, expected: bool) -> None:
    at = datetime(2026, 2, 4, hour_utc, tzinfo=UTC)

    assert holds(leaf("time_of_day", "between", ["22:00", "06:00"]), at=at) is expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, "always"),
        ({"all": []}, "always"),
        (leaf("modality", "=", "MR"), "modality is MR"),
        (leaf("modality", "≠", "MR"), "modality is not MR"),
        (leaf("modality", "in", ["MR", "CT"]), "modality is one of MR, CT"),
        (leaf("modality", "not-in", ["MR"]), "modality is not MR"),
        (leaf("modality", "exists"), "modality is known"),
        (leaf("exam_at", "exists", value=False), "exam time is unknown"),
        (leaf("procedure_text", "contains", "left"), 'procedure text contains "left"'),
        (leaf("procedure_text", "=", "x y"), 'procedure text is "x y"'),
        (leaf("accession", "matches", "^A"), 'accession matches the pattern "^A"'),
        (leaf("patient_age", "<", 16), "patient age in years is below 16"),
        (leaf("patient_age", "≥", 16), "patient age in years is at least 16"),
        (leaf("rvu", "between", [1, 2.5]), "RVU is between 1 and 2.5"),
        (leaf("time_of_day", ">", "18:00"), "time of day is after 18:00"),
        (leaf("date", "<", "2026-12-24"), "date is before 2026-12-24"),
        (
            leaf("date", "between", ["2026-12-24", "2027-01-02"]),
            "date is between 2026-12-24 and 2027-01-02",
        ),
        (leaf("own.room", "=", "Bay 3"), 'the sender\'s room is "Bay 3"'),
        (leaf("own.contrast_agent", "exists"), "the sender's contrast agent is known"),
        (leaf("weekday", "in", [6, "sun"]), "weekday is one of Saturday, Sunday"),
        (leaf("weekday", "=", "X"), "weekday is X"),
        (leaf("holiday", "=", value=True), "it is a holiday"),
        (leaf("holiday", "!=", value=True), "it is no holiday"),
        (leaf("holiday", "=", value=False), "it is no holiday"),
        (leaf("nonsense", "=", 1), "[unknown field 'nonsense']"),
        (
            {"all": [YES, {"any": [NO, leaf("urgency", "=", "STAT")]}, {"none": [NO]}]},
            "modality is MR and (modality is CT or urgency is STAT) and not (modality is CT)",
        ),
        (
            {"any": [{"all": [YES, NO]}, YES]},
            "((modality is MR and modality is CT) or modality is MR)",
        ),
        ({"any": [{"all": [YES], "none": [NO]}]}, "(modality is MR and not (modality is CT))"),
    ],
)
def test_conditions_in_words(conditions: dict[str, Any], expected: str) -> None:
    assert in_words(conditions) == expected
