"""What a desk will write: rows kept until the flush, each touched row once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from apps.assignment.desk.case import Case
from apps.assignment.desk.shadowing import Compared
from apps.assignment.models import Assignment, Unassigned
from apps.orders.models import Order
from apps.outbound.services.notices import Notice


@dataclass(frozen=True, slots=True)
class Made:
    """An assignment made, for the counters after the commit.

    ``received_at`` is the order's, None for one that had a reader before: how long it took until
    this assignment says nothing of how long it waited for one.
    """

    shift: str
    strategy: str
    escalated: bool
    received_at: datetime | None
    rule_ids: tuple[int, ...]


class Breach(NamedTuple):
    """A breach that was noted for the first time, for the counters after the commit."""

    shift: str
    modality: str


class Missed(NamedTuple):
    """A reader who did not acknowledge in time, for the counters after the commit."""

    shift: str
    urgency: str


@dataclass
class Pending:
    """Rows by what must happen to them; dicts keep the order of the first touch.

    ``bursts`` is what orders were decided from that were decided together, by digest. ``looks``
    are orders that nobody was left for, and when to look again; ``compared`` is what
    shadows would have decided; ``listed`` are STAT orders on a shared list, and until when one
    of its readers may take them.
    """

    orders: dict[int, Order] = field(default_factory=dict)
    new_orders: dict[int, Order] = field(default_factory=dict)
    assignments: dict[int, Assignment] = field(default_factory=dict)
    new_assignments: dict[int, Assignment] = field(default_factory=dict)
    queued: dict[int, Unassigned] = field(default_factory=dict)
    dequeued: set[int] = field(default_factory=set)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    turns: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    audit: list[dict[str, Any]] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    rules_matched: list[int] = field(default_factory=list)
    breached: list[Breach] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    looks: dict[int, datetime] = field(default_factory=dict)
    bursts: dict[str, Any] = field(default_factory=dict)
    compared: list[Compared] = field(default_factory=list)
    listed: dict[int, datetime] = field(default_factory=dict)

    def touch(self, case: Case) -> None:
        """Note that the case's order is to be written."""
        order = case.order
        if case.is_new:
            self.new_orders[order.pk] = order
        else:
            self.orders[order.pk] = order

    def touch_assignment(self, assignment: Assignment) -> None:
        """Note that an existing assignment is to be written; a new one is written anyway."""
        if assignment.pk not in self.new_assignments:
            self.assignments[assignment.pk] = assignment
