"""The decision: which radiologist reads this order, now, and why.

A pure function of the order, the moment and a snapshot: no database, no clock, no randomness.
Rules come first, in their order; where none decides, the pools of the shifts that fit the
order are asked, the highest priority level first. Source: spec 2.
"""

from __future__ import annotations

from datetime import datetime

from apps.engine.codes import Reason
from apps.engine.compiled import CompiledConfig, compile_config
from apps.engine.facts import OrderFacts
from apps.engine.fitness import fitness
from apps.engine.refusals import Refusal
from apps.engine.result import Decision, Snapshot
from apps.engine.run import Run

__all__ = [
    "CompiledConfig",
    "Decision",
    "Refusal",
    "Snapshot",
    "compile_config",
    "decide",
    "fitness",
]


def decide(
    order: OrderFacts,
    at: datetime,
    snapshot: Snapshot,
    *,
    widen: bool = False,
    relieve: str = "",
    with_trace: bool = True,
) -> Decision:
    """Decide who reads the order.

    Args:
        order: the order's facts.
        at: the decision's moment, aware.
        snapshot: the configuration and the workloads to decide on.
        widen: whether everybody on any shift is asked, as by ESCALATE, when the pools that
            fit the order have nobody; for orders past their SLA.
        relieve: the reader who has it, when it may go only to somebody with less load than
            theirs; empty when load only ranks.
        with_trace: whether the decision says why. Without, it is the same and comes sooner: for
            who makes thousands in a row and looks at what they come to.

    Raises:
        ValueError: the moment has no zone.
    """
    run = begun(order, at, snapshot, widen=widen, relieve=relieve, with_trace=with_trace)
    return ended(run, order, snapshot)


def begun(
    order: OrderFacts,
    at: datetime,
    snapshot: Snapshot,
    *,
    widen: bool = False,
    relieve: str = "",
    with_trace: bool = True,
    planned: str = "",
) -> Run:
    """Return a decision not yet made, for who asks it more than what it came to.

    ``planned`` is who is meant to have the order where many were given out together.
    """
    if at.tzinfo is None:
        raise ValueError("the moment of a decision needs a zone")
    site = snapshot.compiled.sites.get(order.site)
    return Run(
        order, at, snapshot, site, relieve, widen=widen, with_trace=with_trace, planned=planned
    )


def ended(run: Run, order: OrderFacts, snapshot: Snapshot) -> Decision:
    """Make the decision and return what it came to."""
    site = snapshot.compiled.sites.get(order.site)
    if site is None:
        return run.unassigned(Reason.UNKNOWN_SITE)
    return run.by_rules(site) or run.by_default(site)
