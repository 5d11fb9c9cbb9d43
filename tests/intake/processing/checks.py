"""What must hold after any messages whatsoever, in any order."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from apps.assignment.lifecycle import HOLDS_A_SEAT
from apps.assignment.models import Assignment, Unassigned
from apps.orders.lifecycle import REPORTED, WITH_READER
from apps.orders.models import Order
from apps.roster.models import Radiologist, Workload

_STATES = {
    "assigned": {"assigned"},
    "acknowledged": {"acknowledged"},
    "in_progress": {"in_progress"},
    "held": {"held", None},
    "unassigned": {None},
    "cancelled": {"completed", None},
    **{status: {"completed", None} for status in REPORTED},
}


def broken_promises() -> list[str]:
    """Return what does not hold, in words; nothing when all is well."""
    return [*_orders(), *_workloads(), *_seats()]


def _orders() -> list[str]:
    current = {row.order_id: row for row in Assignment.objects.filter(is_current=True)}
    queued = {row.order_id: row for row in Unassigned.objects.all()}
    wrong = []
    for order in Order.objects.all():
        assignment, waiting = current.get(order.pk), queued.get(order.pk)
        state = assignment.state if assignment else None
        if state not in _STATES.get(order.status, set()):
            wrong.append(f"{order.accession} is {order.status}, its assignment {state}")
        if (order.status in WITH_READER) and waiting is not None:
            wrong.append(f"{order.accession} has a reader and waits for one")
        is_without = order.status == "unassigned" or (order.status == "held" and not assignment)
        if is_without != (waiting is not None):
            wrong.append(f"{order.accession} is {order.status}, in the queue: {bool(waiting)}")
        if order.status in REPORTED and order.reported_at is None:
            wrong.append(f"{order.accession} is {order.status} without the time of its report")
    return wrong


def _workloads() -> list[str]:
    counted: Counter[tuple[str, str]] = Counter()
    rvu: Counter[str] = Counter()
    for row in Assignment.objects.filter(is_current=True, state__in=HOLDS_A_SEAT):
        counted[row.radiologist_id, row.urgency] += 1
        rvu[row.radiologist_id] += row.rvu
    wrong = []
    for load in Workload.objects.all():
        stored = (load.open_stat, load.open_urgent, load.open_routine, load.open_rvu)
        names = ("STAT", "URGENT", "ROUTINE")
        real = (*(counted[load.pk, name] for name in names), Decimal(rvu[load.pk]))
        if stored != real:
            wrong.append(f"{load.pk} counts {stored}, has {real}")
    return wrong


def _seats() -> list[str]:
    limits = dict(Radiologist.objects.values_list("id", "max_concurrent_studies"))
    return [
        f"{load.pk} has {load.open_studies} of {limits[load.pk]}"
        for load in Workload.objects.all()
        if load.open_studies > limits[load.pk]
    ]
