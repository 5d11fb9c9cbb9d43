"""Notices when a report is due and not there: once for each order, across restarts.

One due time stands for all: the nearest report that is awaited. The desk that writes an order
with an earlier one brings it forward; whoever handles it sets the next. A held order's clock
stands still. What is unassigned at its breach is decided again, and the pool widened.
Source: spec 3, slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Min, QuerySet

from apps.assignment import metrics
from apps.assignment.desk import Case, load_cases, open_desk
from apps.assignment.desk.clocks import ALL, REPORT_KIND
from apps.assignment.desk.flush import Flushed
from apps.assignment.services.after import after_commit
from apps.core import bulk, due
from apps.orders.lifecycle import AWAITS_REPORT
from apps.orders.models import Order

ACTOR = "system:clock"
CHUNK = 50


def on_due(what: due.Due, at: datetime) -> None:  # noqa: ARG001 -- a due handler's form
    """Note the breaches so far and set the next due time; the handler of ``REPORT_KIND``.

    All in the transaction that ends this due time, under the assignment lock.
    """
    desk = open_desk(at=at, actor=ACTOR)
    cases = list(load_cases(_overdue(at)).values())
    for case in cases:
        desk.breach(case)
    with bulk.one_round_trip():
        flushed = desk.flush()
    nearest = _nearest()
    if nearest is not None:
        due.schedule_by(REPORT_KIND, ALL, nearest)
    transaction.on_commit(lambda: _tell(cases, flushed))


def _tell(cases: Sequence[Case], flushed: Flushed) -> None:
    after_commit(flushed)
    for case in cases:
        metrics.count_sla_breach(shift=_shift_of(case), modality=case.order.modality)


def _overdue(at: datetime) -> list[int]:
    found = _awaited().filter(report_due_at__lte=at).order_by("report_due_at")
    return list(found.values_list("pk", flat=True)[:CHUNK])


def _shift_of(case: Case) -> str:
    return case.assignment.shift_code if case.assignment else ""


def _awaited() -> QuerySet[Order]:
    return Order.objects.filter(status__in=AWAITS_REPORT, breached_at__isnull=True)


def _nearest() -> datetime | None:
    found = _awaited().aggregate(nearest=Min("report_due_at"))["nearest"]
    return found if isinstance(found, datetime) else None
