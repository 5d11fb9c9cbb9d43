"""Prometheus figures of the decisions; raised after the commit that they tell of. Source: spec 6."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from prometheus_client import Counter, Histogram

# The customer's bar is 500 ms and ours far below it, so the buckets are dense there.
_LATENCY_BUCKETS = (
    *(0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5),
    *(1, 2.5, 5, 10, 30, 60, 300, 900, 3600),
)

ASSIGNMENTS = Counter(
    "assignment_engine_assignments_total",
    "Orders given to a radiologist.",
    ("shift", "strategy", "escalated"),
)
LATENCY = Histogram(
    "assignment_engine_assignment_latency_seconds",
    "From the receipt of the order to the commit of its first assignment.",
    buckets=_LATENCY_BUCKETS,
)
SLA_BREACHES = Counter(
    "assignment_engine_sla_breaches_total",
    "Studies that were not reported by the time their SLA policy sets.",
    ("shift", "modality"),
)
MISSED_ACKNOWLEDGEMENTS = Counter(
    "assignment_engine_missed_acknowledgements_total",
    "Offers that their reader did not acknowledge in the time their SLA policy sets.",
    ("shift", "urgency"),
)
RULE_MATCHES = Counter(
    "assignment_engine_rule_matches_total", "Orders that a rule matched.", ("rule_id",)
)
SHADOW_FAILURES = Counter(
    "assignment_engine_shadow_failures_total",
    "Decisions at which the draft of a shadow gave no answer; the live decision stood.",
)
ROSTER_REFRESH = Histogram(
    "roster_cache_refresh_seconds", "Reading shifts, roster and radiologists anew after an edit."
)
RULES_REFRESH = Histogram("rules_cache_refresh_seconds", "Reading the rules anew after an edit.")


@dataclass(frozen=True, slots=True)
class CommittedAssignment:
    """What is counted of one assignment.

    ``shift`` is its code, empty when not on a shift; ``rule_ids`` are all rules that matched.
    ``latency_seconds`` is None for an order that had a reader before.
    """

    shift: str
    strategy: str
    is_escalated: bool
    latency_seconds: float | None
    rule_ids: tuple[int, ...] = ()


def count_assignments(assignments: Iterable[CommittedAssignment]) -> None:
    """Count assignments that are on disk; call it from ``transaction.on_commit`` or later."""
    for assignment in assignments:
        escalated = "true" if assignment.is_escalated else "false"
        ASSIGNMENTS.labels(assignment.shift, assignment.strategy, escalated).inc()
        if assignment.latency_seconds is not None:
            LATENCY.observe(assignment.latency_seconds)
        count_rule_matches(assignment.rule_ids)


def count_rule_matches(rule_ids: Iterable[int]) -> None:
    """Count the rules that matched an order which got no radiologist (held, or nobody fit)."""
    for rule_id in rule_ids:
        RULE_MATCHES.labels(str(rule_id)).inc()


def count_sla_breach(*, shift: str, modality: str) -> None:
    """Count one study that passed its SLA; once for each study."""
    SLA_BREACHES.labels(shift, modality).inc()


def count_missed_acknowledgement(*, shift: str, urgency: str) -> None:
    """Count one offer that was not acknowledged in time; once for each assignment."""
    MISSED_ACKNOWLEDGEMENTS.labels(shift, urgency).inc()


def count_shadow_failures(number: int) -> None:
    """Count drafts that gave no answer beside live decisions that are on disk."""
    SHADOW_FAILURES.inc(number)


def timed_roster_refresh() -> AbstractContextManager[object]:
    """Return a block that times a reload of shifts, roster and radiologists."""
    return ROSTER_REFRESH.time()


def timed_rules_refresh() -> AbstractContextManager[object]:
    """Return a block that times a reload of the rules."""
    return RULES_REFRESH.time()
