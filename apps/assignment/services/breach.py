"""Notices when a report is due and not there: once for each order, across restarts.

One due time stands for all: the nearest report that is awaited. Whoever makes an order with an
earlier one brings it forward; whoever handles it sets the next. A held order's clock stands still.
What is unassigned at its breach is decided again, and the pool widened. Source: spec 3, slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Min, QuerySet

from apps.assignment import metrics
from apps.assignment.desk import Case, load_cases, open_desk
from apps.assignment.desk.flush import Flushed
from apps.assignment.services.after import after_commit
from apps.core import bulk, due
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import WITH_READER
from apps.orders.models import Order

ACTOR = "system:clock"
DUE_KIND = "report_due"
CHUNK = 50
_AWAITED = (*sorted(WITH_READER), OrderStatus.RECEIVED, OrderStatus.UNASSIGNED)

_next_at: datetime | None = None


def forget() -> None:
    """Forget which due time is set; the next order asks the table."""
    global _next_at  # noqa: PLW0603 -- spares the hot path a look at the table
    _next_at = None


def watch(report_due: Sequence[datetime], *, at: datetime) -> None:
    """Make sure that a due time stands at the earliest of these or before.

    Args:
        report_due: of the orders that were just written; may be empty.
        at: now. A due time that this process set and that has passed is no longer there.
    """
    global _next_at  # noqa: PLW0603 -- see forget
    known = _next_at if _next_at is not None and _next_at > at else None
    wanted = min(report_due, default=None) if known is not None else _nearest()
    if wanted is None or (known is not None and wanted >= known):
        return
    due.schedule_by(DUE_KIND, "all", wanted)
    _next_at = wanted


def on_due(what: due.Due, at: datetime) -> None:  # noqa: ARG001 -- a due handler's form
    """Note the breaches so far and set the next due time; the handler of ``DUE_KIND``.

    All in the transaction that ends this due time, under the assignment lock.
    """
    desk = open_desk(at=at, actor=ACTOR)
    cases = list(load_cases(_overdue(at)).values())
    for case in cases:
        desk.breach(case)
    with bulk.one_round_trip():
        flushed = desk.flush()
    forget()
    nearest = _nearest()
    if nearest is not None:
        due.schedule_by(DUE_KIND, "all", nearest)
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
    return Order.objects.filter(status__in=_AWAITED, breached_at__isnull=True)


def _nearest() -> datetime | None:
    found = _awaited().aggregate(nearest=Min("report_due_at"))["nearest"]
    return found if isinstance(found, datetime) else None
