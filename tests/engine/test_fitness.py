"""Whether one reader may (still) read an order."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from apps.engine.codes import Presence, Refused, Step, Urgency
from apps.engine.decision import Refusal, Snapshot, compile_config, fitness
from apps.engine.rota import LeaveFacts
from tests.engine.build import AT, department, load, loads, on, order, reader, shift
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
