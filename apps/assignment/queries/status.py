"""What became of an assignment."""

from __future__ import annotations

from apps.assignment.choices import EndReason
from apps.assignment.models import Assignment
from apps.orders.choices import OrderStatus


def status_of(assignment: Assignment) -> OrderStatus | EndReason:
    """Return the order's status, or why the assignment ended before its study was reported."""
    if assignment.is_current:
        return OrderStatus(assignment.order.status)
    return EndReason(assignment.end_reason)
