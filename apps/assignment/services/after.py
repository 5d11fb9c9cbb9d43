"""What follows a commit: counters, and a word to who delivers."""

from __future__ import annotations

from datetime import datetime

from apps.assignment import metrics
from apps.assignment.desk.flush import Flushed
from apps.assignment.services import shadows
from apps.core import clock
from apps.outbound.services.tell import wake_deliverers


def after_commit(flushed: Flushed) -> None:
    """Count what was done and wake the deliverer; call it outside the transaction.

    A NOTIFY inside the transaction would take a lock that all committing transactions share.
    Losing it costs time only: the rows are the truth, and a sweep finds them.
    """
    if flushed.told:
        wake_deliverers()
    now = clock.now()
    metrics.count_assignments(
        metrics.CommittedAssignment(
            shift=made.shift,
            strategy=made.strategy,
            is_escalated=made.escalated,
            latency_seconds=_seconds(made.received_at, now),
            rule_ids=made.rule_ids,
        )
        for made in flushed.made
    )
    metrics.count_rule_matches(flushed.rules_matched)
    for breach in flushed.breached:
        metrics.count_sla_breach(shift=breach.shift, modality=breach.modality)
    for missed in flushed.missed:
        metrics.count_missed_acknowledgement(shift=missed.shift, urgency=missed.urgency)
    if flushed.shadows_failed:
        metrics.count_shadow_failures(len(flushed.shadows_failed))
        shadows.end_failing(flushed.shadows_failed, at=now)


def _seconds(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else (now - since).total_seconds()
