"""The due times that a desk's changes need, set in the transaction that makes the changes.

Set after it, one would be missing where the process died in between; spared because the process
remembers one, it would be missing where another process has used that one up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from apps.assignment.choices import AssignmentState
from apps.assignment.models import Assignment
from apps.core import due
from apps.orders.lifecycle import AWAITS_REPORT
from apps.orders.models import Order

if TYPE_CHECKING:
    from apps.assignment.desk.desk import Desk

RETRY_KIND = "retry_unassigned"
REPORT_KIND = "report_due"
STEP_KIND = "step_due"
ACKNOWLEDGE_KIND = "acknowledge_due"
OFFER_KIND = "offer_again"
"""Of each order by itself: nobody was left to offer it to."""
LIST_KIND = "list_over"
"""Of each order by itself: a STAT one that nobody has taken from its shared list."""
SEAT_KIND = "seat_freed"
ALL = "all"
"""One due time of a kind stands for all orders: the nearest."""
SECOND_LOOK = timedelta(seconds=10)
SWEEP = timedelta(minutes=1)
"""How long an unassigned order waits at most until it is tried again."""


def set_clocks(desk: Desk) -> None:
    """Have what was queued tried again, and what awaits its report looked at when it is due."""
    pending = desk.pending
    if pending.queued:
        due.schedule_by(RETRY_KIND, ALL, desk.at + SWEEP)
    if desk.book.freed:
        # Who freed the seat looks for the next at once; this is for when it dies before.
        due.schedule_by(SEAT_KIND, ALL, desk.at + SECOND_LOOK)
    orders = [
        order
        for order in (*pending.new_orders.values(), *pending.orders.values())
        if order.status in AWAITS_REPORT
    ]
    _bring_forward(REPORT_KIND, _reports(orders))
    _bring_forward(STEP_KIND, (order.next_step_at for order in orders))
    assignments = (*pending.new_assignments.values(), *pending.assignments.values())
    _bring_forward(ACKNOWLEDGE_KIND, _acknowledgements(assignments))
    for order_id, at in pending.looks.items():
        due.schedule_by(OFFER_KIND, str(order_id), at)
    for order_id, at in pending.listed.items():
        due.schedule_by(LIST_KIND, str(order_id), at)


def _bring_forward(kind: str, moments: Iterable[datetime | None]) -> None:
    nearest = min((moment for moment in moments if moment is not None), default=None)
    if nearest is not None:
        due.schedule_by(kind, ALL, nearest)


def _reports(orders: Iterable[Order]) -> Iterator[datetime | None]:
    for order in orders:
        if order.breached_at is None and order.next_step_at is None:
            yield order.report_due_at


def _acknowledgements(assignments: Iterable[Assignment]) -> Iterator[datetime | None]:
    for assignment in assignments:
        is_open = assignment.state == AssignmentState.ASSIGNED
        if is_open and not (assignment.acknowledged_at or assignment.acknowledge_missed_at):
            yield assignment.acknowledge_due_at
