"""Writes what a desk has in hand: one statement a table, in an order the constraints allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models

from apps.assignment.desk.clocks import set_clocks
from apps.assignment.desk.pending import Breach, Made, Missed
from apps.assignment.desk.shadow_rows import write_compared
from apps.assignment.models import Assignment, LedgerEntry, ShiftTurn, Unassigned
from apps.assignment.snapshot.basis import keep_basis, keep_bursts
from apps.audit.models import AuditEvent
from apps.core import bulk, clock
from apps.orders.models import Order
from apps.outbound.services.tell import queue_notices
from apps.roster.models import Workload

if TYPE_CHECKING:
    from apps.assignment.desk.desk import Desk

_MS = 1000
_LONGEST_LATENCY_MS = 2**31 - 1
"""What the column holds, 24 days: an order that waited longer says no more of the engine."""


@dataclass(frozen=True, slots=True)
class Flushed:
    """What the commit will have done, for counters and wake-ups after it."""

    made: Sequence[Made]
    rules_matched: Sequence[int]
    told: int
    queued: int
    breached: Sequence[Breach] = ()
    missed: Sequence[Missed] = ()
    shadows_failed: Sequence[int] = ()


def write(desk: Desk) -> Flushed:
    """Write everything; call it within a round trip of the caller's other writes."""
    pending = desk.pending
    _stamp_latency(desk)
    bulk.insert(Order, _rows(pending.new_orders.values()))
    bulk.update(Order, _rows(pending.orders.values()), key="id")
    # Ended assignments first: one current assignment per order holds at every moment.
    bulk.update(Assignment, _rows(pending.assignments.values()), key="id")
    bulk.insert(Assignment, _rows(pending.new_assignments.values()))
    bulk.delete(Unassigned, pending.dequeued, key="order_id")
    bulk.upsert(Unassigned, _rows(pending.queued.values()), key=["order_id"])
    bulk.insert(LedgerEntry, pending.ledger)
    bulk.upsert(ShiftTurn, list(pending.turns.values()), key=["shift_code", "radiologist_id"])
    bulk.update(Workload, desk.book.changed_rows(), key="radiologist_id")
    bulk.insert(AuditEvent, pending.audit)
    set_clocks(desk)
    told = queue_notices(pending.notices, version=desk.versions.get("outbound", 0))
    if pending.new_assignments or pending.queued:
        keep_basis(desk.view)
    if pending.bursts:
        keep_bursts(pending.bursts)
    if desk.book.freed:
        bulk.execute(_RAISE_SEATS, [])
    return Flushed(
        made=pending.made,
        rules_matched=pending.rules_matched,
        told=told,
        queued=len(pending.queued),
        breached=pending.breached,
        missed=pending.missed,
        shadows_failed=write_compared(pending.compared, desk.at),
    )


# Tells every decider that a seat is free, as an edit of the roster would be told.
_RAISE_SEATS = (
    "INSERT INTO core_configversion (area, version) VALUES ('seats', 1) "
    "ON CONFLICT (area) DO UPDATE SET version = core_configversion.version + 1"
)


def _stamp_latency(desk: Desk) -> None:
    now = clock.now()
    orders = {**desk.pending.orders, **desk.pending.new_orders}
    for assignment in desk.pending.new_assignments.values():
        waited = now - orders[assignment.order_id].received_at
        latency_ms = int(waited.total_seconds() * _MS)
        assignment.latency_ms = min(max(0, latency_ms), _LONGEST_LATENCY_MS)


def _rows(instances: Iterable[models.Model]) -> list[dict[str, Any]]:
    return [bulk.columns_of(instance) for instance in instances]
