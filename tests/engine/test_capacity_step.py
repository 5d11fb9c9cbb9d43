"""Steps 5 and 6: free seats, the hour's limit, RVU limits, and making the SLA."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.engine.codes import ActionType, Reason, Urgency
from apps.engine.facts import OrderFacts
from tests.engine.build import AT, decided, department, load, order, reader, refusals, rule

RVU_LIMITS = {"max_concurrent_rvu": Decimal("10.5"), "max_rvu_per_hour": Decimal(6)}


@pytest.mark.parametrize(
    ("person", "held", "urgency", "expected"),
    [
        ({}, {"open_by_urgency": (1, 2, 16)}, "ROUTINE", None),
        ({}, {"open_by_urgency": (1, 2, 17)}, "ROUTINE", ["concurrent_full", 20, 20]),
        ({}, {"open_by_urgency": (0, 0, 21)}, "STAT", ["concurrent_full", 21, 20]),
        ({"max_concurrent_studies": 0}, {}, "ROUTINE", ["concurrent_full", 0, 0]),
        ({}, {"assigned_last_hour": 7}, "ROUTINE", None),
        ({}, {"assigned_last_hour": 8}, "ROUTINE", ["hourly_full", 8, 8]),
        ({}, {"assigned_last_hour": 8}, "URGENT", ["hourly_full", 8, 8]),
        ({}, {"assigned_last_hour": 8}, "STAT", None),
        (RVU_LIMITS, {"open_rvu": Decimal("10.4")}, "ROUTINE", None),
        (
            RVU_LIMITS,
            {"open_rvu": Decimal("10.50")},
            "STAT",
            ["concurrent_rvu_full", "10.50", "10.5"],
        ),
        (RVU_LIMITS, {"rvu_last_hour": Decimal("5.9")}, "ROUTINE", None),
        (
            RVU_LIMITS,
            {"rvu_last_hour": Decimal("6.0")},
            "ROUTINE",
            ["hourly_rvu_full", "6.0", "6"],
        ),
        (RVU_LIMITS, {"rvu_last_hour": Decimal(60)}, "STAT", None),
        ({}, {"open_rvu": Decimal(999), "rvu_last_hour": Decimal(999)}, "ROUTINE", None),
    ],
)
def test_a_limit_is_the_first_number_refused(
    person: dict[str, Any], held: dict[str, Any], urgency: str, expected: list[Any] | None
) -> None:
    made = department("A", readers=(reader("A", **person),))

    decision = decided(made, order(urgency=Urgency(urgency)), load("A", **held))

    if expected is None:
        assert decision.radiologist == "A"
    else:
        assert decision.reason is Reason.AT_CAPACITY
        assert refusals(decision) == {"A": ["capacity", *expected]}


def test_set_priority_to_stat_passes_the_hourly_limit() -> None:
    made = department("A", rules=(rule(1, ActionType.SET_PRIORITY, "STAT"),))

    assert decided(made, order(), load("A", assigned_last_hour=8)).radiologist == "A"


def due_in(minutes: float, **facts: Any) -> OrderFacts:
    return order(report_due_at=AT + timedelta(minutes=minutes), **facts)


@pytest.mark.parametrize(
    ("minutes", "held", "urgency", "is_late"),
    [
        (30, {}, "ROUTINE", False),
        (29.999, {}, "ROUTINE", True),
        (60, {"open_by_urgency": (0, 0, 1)}, "ROUTINE", False),
        (59, {"open_by_urgency": (0, 0, 1)}, "ROUTINE", True),
        (30, {"open_by_urgency": (0, 1, 5)}, "STAT", False),
        (59, {"open_by_urgency": (0, 1, 5)}, "URGENT", True),
        (60, {"open_by_urgency": (0, 1, 5)}, "URGENT", False),
        (12.5, {"mean_turnaround_minutes": Decimal("12.5")}, "ROUTINE", False),
        (12.5, {"mean_turnaround_minutes": Decimal("12.50001")}, "ROUTINE", True),
        (1, {"mean_turnaround_minutes": Decimal(0)}, "ROUTINE", False),
        (-1, {"mean_turnaround_minutes": Decimal(0)}, "ROUTINE", True),
    ],
)
def test_a_candidate_makes_it_when_the_queue_and_this_study_fit_in_the_time_left(
    minutes: float, held: dict[str, Any], urgency: str, is_late: bool
) -> None:
    decision = decided(
        department("A"), due_in(minutes, urgency=Urgency(urgency)), load("A", **held)
    )

    # The step never empties the pool: alone and late, A still gets it, and it is escalated.
    assert decision.radiologist == "A"
    assert decision.escalated is is_late
    assert decision.trace.get("escalated_by") == ("sla" if is_late else None)


def test_those_who_can_make_it_are_preferred_to_a_lower_load() -> None:
    slow = load("A", "0", mean_turnaround_minutes=Decimal(90))
    quick = load("B", "9", mean_turnaround_minutes=Decimal(10))

    decision = decided(department("A", "B"), due_in(60), slow, quick)

    assert (decision.radiologist, decision.escalated) == ("B", False)
    assert decision.trace["tries"][0]["late"] == [["A", 1, "90"]]


def test_when_nobody_can_make_it_the_strategy_chooses_among_all() -> None:
    slow = load("A", "9", mean_turnaround_minutes=Decimal(90))
    slower = load("B", "0", mean_turnaround_minutes=Decimal(95))

    decision = decided(department("A", "B"), due_in(60), slow, slower)

    assert (decision.radiologist, decision.escalated) == ("B", True)
    assert decision.strategy == "LOAD_BALANCED"


def test_without_a_due_time_everybody_makes_it() -> None:
    decision = decided(department("A"), order(), load("A", mean_turnaround_minutes=Decimal(999)))

    assert decision.escalated is False
