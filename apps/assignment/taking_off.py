"""What a study waits for once a person has taken its reader off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto

from apps.engine.codes import Urgency
from apps.orders.models import Order
from apps.rules.choices import TierAction
from apps.rules.tiers import Tier

NOBODY_LEFT = "nobody_left_to_offer"
"""Nobody acknowledged the order, and somebody looks for a reader again and again."""
_FINDS_A_READER = frozenset({TierAction.FLAG, TierAction.REASSIGN})


class WaitsFor(Enum):
    """Who or what takes the study up next."""

    PERSON = auto()
    BREACH = auto()
    STEP = auto()
    RETRY = auto()


def after_taking_off(order: Order, tiers: Sequence[Tier], *, at: datetime) -> WaitsFor:
    """Return what takes the order up once its reader is off.

    Put aside is only what something ahead takes up: the breach, or a step after it that looks
    for a reader. What is overdue without such a step is tried again at once, and so is a STAT
    order for which somebody looked all the time: its look ends with its reader.

    Args:
        order: as it is before, with its reader.
        tiers: the steps after a breach of the order's own policy.
        at: the moment.
    """
    if order.report_due_at is None:
        return WaitsFor.PERSON
    is_overdue = order.breached_at is not None or order.report_due_at <= at
    if not is_overdue:
        return WaitsFor.BREACH
    if order.urgency == Urgency.STAT and NOBODY_LEFT in order.flags:
        return WaitsFor.RETRY
    ahead = tiers[order.escalation_step :]
    is_awaited = order.next_step_at is not None or order.breached_at is None
    if is_awaited and any(tier.action in _FINDS_A_READER for tier in ahead):
        return WaitsFor.STEP
    return WaitsFor.RETRY
