"""What happens when a time of the SLA clock comes: once for each order, across restarts.

Three kinds of times are watched: reports that are due, steps after a breach, acknowledgements.
Of each kind one due time stands for all orders: the nearest. The desk that writes an order with
an earlier one brings it forward in its own transaction; whoever handles it does a chunk and sets
the next in the transaction that ends it. All under the assignment lock, so two workers never do
one thing twice, and what a dying one did is undone with its due time.

An order that raises must not hold up the others of its chunk: each of them gets a due time of its
own, which runs in a transaction of its own, and the one at fault is tried again, later each time.
Source: spec 3, slow, STAT and the SLA clock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Min, QuerySet

from apps.assignment.choices import AssignmentState
from apps.assignment.desk import Case, Desk, load_cases, open_desk
from apps.assignment.desk.clocks import ACKNOWLEDGE_KIND, ALL, REPORT_KIND, STEP_KIND
from apps.assignment.models import Assignment
from apps.assignment.services.after import after_commit
from apps.core import bulk, due
from apps.core.failures import describe
from apps.core.models import DueTime
from apps.orders.lifecycle import AWAITS_REPORT
from apps.orders.models import Order

log = logging.getLogger(__name__)

ACTOR = "system:clock"
CHUNK = 50


@dataclass(frozen=True, slots=True)
class Watch:
    """One kind of time: whose, when, and what is done.

    ``rows`` are all that wait for theirs, soon or late; ``moment`` is the column that says when,
    ``order_id`` the one that names the order.
    """

    kind: str
    # Any: rows of orders or of assignments.
    rows: Callable[[], QuerySet[Any]]
    moment: str
    order_id: str
    act: Callable[[Desk, Case], None]


def on_due(watch: Watch, what: due.Due, at: datetime) -> None:
    """Do what is due of a kind and set its next time; partly applied, the handler of the kind."""
    if what.subject == ALL:
        _do_chunk(watch, at)
    else:
        _do(watch, at, _due_ids(watch.rows().filter(**{watch.order_id: what.subject}), watch, at))
    nearest = _in_common(watch).aggregate(nearest=Min(watch.moment))["nearest"]
    if nearest is not None:
        due.schedule_by(watch.kind, ALL, nearest)


def register_all() -> None:
    """Have each kind handled; called from ``AppConfig.ready``."""
    for watch in WATCHES:
        due.register(watch.kind, partial(on_due, watch))


def _do_chunk(watch: Watch, at: datetime) -> None:
    """Do the first that are due; where that fails, give each a due time of its own."""
    ids = _due_ids(_in_common(watch), watch, at)
    try:
        with transaction.atomic():
            _do(watch, at, ids)
    except (OperationalError, InterfaceError):
        raise  # the database is away, which is no order's fault
    except Exception as error:  # noqa: BLE001 -- whatever it was, the others go on
        log.error("%s failed, each alone now: %s", watch.kind, describe(error))  # noqa: TRY400 -- no values
        due.schedule_many(due.Due(watch.kind, str(order_id), at) for order_id in ids)


def _do(watch: Watch, at: datetime, ids: Sequence[int]) -> None:
    """Do what is due for these orders, the longest overdue first, in the present transaction."""
    if not ids:
        return
    desk = open_desk(at=at, actor=ACTOR)
    cases = load_cases(ids)
    desk.company.learn(one.order.patient_id for one in cases.values() if one.order.patient_id)
    for order_id in ids:
        watch.act(desk, cases[order_id])
    with bulk.one_round_trip():
        flushed = desk.flush()
    transaction.on_commit(lambda: after_commit(flushed))


def _due_ids(rows: QuerySet[Any], watch: Watch, at: datetime) -> list[int]:
    found = rows.filter(**{f"{watch.moment}__lte": at}).order_by(watch.moment, watch.order_id)
    return list(found.values_list(watch.order_id, flat=True)[:CHUNK])


def _in_common(watch: Watch) -> QuerySet[Any]:
    """Return the rows without those of orders that have a due time of their own."""
    own = DueTime.objects.filter(kind=watch.kind).exclude(subject=ALL)
    alone = [int(subject) for subject in own.values_list("subject", flat=True)]
    return watch.rows().exclude(**{f"{watch.order_id}__in": alone}) if alone else watch.rows()


def _reports() -> QuerySet[Order]:
    return Order.objects.filter(
        status__in=AWAITS_REPORT,
        breached_at__isnull=True,
        next_step_at__isnull=True,
        report_due_at__isnull=False,
    )


def _steps() -> QuerySet[Order]:
    return Order.objects.filter(status__in=AWAITS_REPORT, next_step_at__isnull=False)


def _acknowledgements() -> QuerySet[Assignment]:
    return Assignment.objects.filter(
        is_current=True,
        state=AssignmentState.ASSIGNED,
        acknowledge_missed_at__isnull=True,
        acknowledge_due_at__isnull=False,
        acknowledged_at__isnull=True,
    )


def _take_steps(desk: Desk, case: Case) -> None:
    desk.take_steps(case)


def _miss(desk: Desk, case: Case) -> None:
    desk.miss(case)


WATCHES = (
    Watch(REPORT_KIND, _reports, "report_due_at", "id", _take_steps),
    Watch(STEP_KIND, _steps, "next_step_at", "id", _take_steps),
    Watch(ACKNOWLEDGE_KIND, _acknowledgements, "acknowledge_due_at", "order_id", _miss),
)
