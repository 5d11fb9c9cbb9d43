"""How many of the latest decisions other weights and bounds would have made otherwise."""

from __future__ import annotations

from dataclasses import replace

from apps.assignment.models import Assignment
from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.versions import read_versions
from apps.engine.decision import compile_config
from apps.engine.facts import Balance, Weights
from apps.engine.replay import replay
from apps.rules.balance import Otherwise

LATEST = 100


def decided_otherwise(weights: Weights | None, balance: Balance | None) -> Otherwise:
    """Return how many of the latest decisions would go to another reader.

    Each is made again twice from the loads that it saw, by the configuration as it is and as it
    would be, so that what else changed since makes no difference.
    """
    traces = Assignment.objects.order_by("-pk").values_list("trace", flat=True)[:LATEST]
    made = [trace for trace in traces if trace.get("order") and "by_hand" not in trace]
    if not made:
        return Otherwise(0, 0)
    view = current_view(read_versions())
    as_it_is = view.config
    changed = compile_config(
        replace(
            as_it_is,
            weights=weights or as_it_is.weights,
            balance=balance or as_it_is.balance,
        )
    )
    pairs = [(replay(trace, view.compiled), replay(trace, changed)) for trace in made]
    moved = sum(before.radiologist != after.radiologist for before, after in pairs)
    return Otherwise(len(pairs), moved)
