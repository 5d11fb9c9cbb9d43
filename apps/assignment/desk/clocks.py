"""The due times that a desk's changes need, set in the transaction that makes the changes.

Set after it, one would be missing where the process died in between; spared because the process
remembers one, it would be missing where another process has used that one up.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from apps.core import due
from apps.orders.lifecycle import AWAITS_REPORT

if TYPE_CHECKING:
    from apps.assignment.desk.desk import Desk

RETRY_KIND = "retry_unassigned"
REPORT_KIND = "report_due"
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
    awaited = [
        order.report_due_at
        for order in (*pending.new_orders.values(), *pending.orders.values())
        if order.report_due_at is not None
        and order.breached_at is None
        and order.status in AWAITS_REPORT
    ]
    if awaited:
        due.schedule_by(REPORT_KIND, ALL, min(awaited))
