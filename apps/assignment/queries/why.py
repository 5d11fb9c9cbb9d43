"""Why an order has its radiologist, or has none: the decision, its order and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.assignment.explanation import sentences
from apps.assignment.models import Assignment, Unassigned
from apps.assignment.naming import naming_of
from apps.assignment.queries.pools import PoolTable, pool_tables
from apps.core.access import Scope
from apps.orders.models import Order
from apps.outbound.models import OutboundMessage

_ORDER_PARTS = ("order__site", "order__procedure")


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision in words and tables; ``rule`` is what the rule that decided is called."""

    story: list[str]
    pools: list[PoolTable]
    rule: str
    versions: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Why:
    """Everything the page shows of one order; ``assignment`` or ``unassigned`` is set.

    ``history`` holds every assignment of the order, newest first; ``told`` the messages to the
    destinations, newest first.
    """

    order: Order
    assignment: Assignment | None
    unassigned: Unassigned | None
    decided: Decided
    history: list[Assignment]
    told: list[OutboundMessage]


def why_assigned(assignment_id: int, *, scope: Scope) -> Why | None:
    """Return why an assignment was made, None when the scope holds none of that id."""
    rows = Assignment.objects.select_related("radiologist", "shift", *_ORDER_PARTS)
    assignment = scope.limit(rows.filter(pk=assignment_id), "order__site").first()
    if assignment is None:
        return None
    return _why(assignment.order, assignment.trace, assignment=assignment)


def why_unassigned(order_id: int, *, scope: Scope) -> Why | None:
    """Return why an order has no reader, None when the scope's queue does not hold it."""
    rows = Unassigned.objects.select_related(*_ORDER_PARTS).filter(pk=order_id)
    row = scope.limit(rows, "order__site").first()
    return None if row is None else _why(row.order, row.trace, unassigned=row)


def current_assignment_id(order_id: int, *, scope: Scope) -> int | None:
    """Return the assignment under which the order is read now, if it is within the scope."""
    rows = Assignment.objects.filter(order=order_id, is_current=True)
    return scope.limit(rows, "order__site").values_list("pk", flat=True).first()


def _why(
    order: Order,
    trace: Mapping[str, Any],
    *,
    assignment: Assignment | None = None,
    unassigned: Unassigned | None = None,
) -> Why:
    return Why(
        order=order,
        assignment=assignment,
        unassigned=unassigned,
        decided=_decided(trace, assignment.rule_id if assignment else None),
        history=_history(order),
        told=_told(order),
    )


def _decided(trace: Mapping[str, Any], rule: int | None) -> Decided:
    naming = naming_of(trace)
    return Decided(
        story=sentences(trace, naming),
        pools=pool_tables(trace, naming),
        rule=naming.rule(rule).removeprefix("rule ") if rule else "",
        versions=sorted(trace.get("versions", {}).items()),
    )


def _history(order: Order) -> list[Assignment]:
    rows = (
        Assignment.objects.filter(order=order)
        .select_related("radiologist", "shift")
        .defer("trace")
        .order_by("-id")
    )
    history = list(rows)
    for assignment in history:
        assignment.order = order  # spares a query for each row's status
    return history


def _told(order: Order) -> list[OutboundMessage]:
    return list(
        OutboundMessage.objects.filter(order=order)
        .select_related("destination")
        .defer("payload")
        .order_by("-id")[:20]
    )
