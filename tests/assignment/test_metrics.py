from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from apps.assignment import metrics
from apps.assignment.metrics import CommittedAssignment


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_committed_assignments_are_counted_with_latency_and_rules() -> None:
    labels = {"shift": "MRI_TEST", "strategy": "SCORED", "escalated": "true"}
    before = (
        value("assignment_engine_assignments_total", **labels),
        value("assignment_engine_assignment_latency_seconds_count"),
        value("assignment_engine_assignment_latency_seconds_sum"),
        value("assignment_engine_rule_matches_total", rule_id="990001"),
    )
    metrics.count_assignments(
        CommittedAssignment(
            shift="MRI_TEST",
            strategy="SCORED",
            is_escalated=True,
            latency_seconds=0.25,
            rule_ids=(990001, 990002),
        )
        for _ in range(2)
    )

    after = (
        value("assignment_engine_assignments_total", **labels),
        value("assignment_engine_assignment_latency_seconds_count"),
        value("assignment_engine_assignment_latency_seconds_sum"),
        value("assignment_engine_rule_matches_total", rule_id="990001"),
    )
    assert [b - a for a, b in zip(before, after, strict=True)] == [2, 2, pytest.approx(0.5), 2]


def test_an_order_that_had_a_reader_before_says_nothing_of_the_latency() -> None:
    before = value("assignment_engine_assignment_latency_seconds_count")
    metrics.count_assignments([CommittedAssignment("MRI_TEST", "SCORED", False, None)])  # noqa: FBT003

    assert value("assignment_engine_assignment_latency_seconds_count") == before


def test_sla_breach_is_counted_by_shift_and_modality() -> None:
    metrics.count_sla_breach(shift="MRI_TEST", modality="MR")

    assert value("assignment_engine_sla_breaches_total", shift="MRI_TEST", modality="MR") == 1


@pytest.mark.parametrize(
    ("timed", "name"),
    [
        (metrics.timed_roster_refresh, "roster_cache_refresh_seconds"),
        (metrics.timed_rules_refresh, "rules_cache_refresh_seconds"),
    ],
)
def test_refreshes_are_timed(timed: object, name: str) -> None:
    before = value(f"{name}_count")

    with timed():
        pass

    assert value(f"{name}_count") - before == 1
