"""Which orders were ordered together: they share a key, and so may share a reader.

The placer's group number (ORC-4) says so; without one, orders of one patient in one message were
placed together; without others in the message, those of one visit that are scheduled for the
same minute. An order keeps the key that it came with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from apps.intake.processing.changes import OrderChange
from apps.orders.models import Order

_LONGEST = 200


def shared_message(changes: Iterable[OrderChange]) -> frozenset[tuple[str, str]]:
    """Return the patients, by authority and number, of whom a message has several orders."""
    groups = Counter(change.patient.key for change in changes if change.patient)
    return frozenset(key for key, count in groups.items() if count > 1)


def linked_key(order: Order, change: OrderChange, *, message_id: int, is_shared: bool) -> str:
    """Return what the order shares with those that it was ordered with, empty for one alone.

    Args:
        order: with what the change said of it.
        change: that makes it.
        message_id: of the message that brought it.
        is_shared: whether the message has more orders of the patient.
    """
    if change.placer_group:
        return f"group {change.issuer} {change.placer_group}"[:_LONGEST]
    if is_shared:
        return f"message {message_id}"
    if order.visit_number and order.scheduled_at is not None:
        planned = order.scheduled_at.strftime("%Y%m%d%H%M")
        # The time goes first, so that a long number of the visit never cuts it off.
        return f"visit {planned} {change.issuer} {order.visit_number}"[:_LONGEST]
    return ""
