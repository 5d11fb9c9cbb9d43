"""Received messages, as their list shows them, within a scope.

A message belongs to the sites of its orders; one without orders only to who may everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import BooleanField, Case, F, Func, OuterRef, Q, QuerySet, Subquery, When

from apps.core.access import Scope
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage
from apps.intake.queries.span import FOUND_MOST, Part, Span, part_of, within
from apps.orders.models import Order
from apps.orders.search import order_ids

_RARE = frozenset({InboundState.REFUSED, InboundState.QUARANTINED, InboundState.WAITING})
"""States with an index of their own: shown however long ago the messages came."""


@dataclass(frozen=True, slots=True)
class InboundFilter:
    """What the list is narrowed by; ``number`` is a control id or an order's number, in full."""

    number: str = ""
    sender: str = ""
    state: str = ""
    span: Span = field(default_factory=Span)
    message_type: str = ""
    order_control: str = ""

    @property
    def is_rare(self) -> bool:
        """Return whether the state is looked for however long ago."""
        return self.state in _RARE


@dataclass(frozen=True, slots=True)
class InboundRow:
    """One received message with the orders that it told of; of other sites' orders none."""

    message: InboundMessage
    orders: Sequence[Order]


class _IsAnyOf(Func):
    """``a = ANY(b)``, which the index of ``a`` answers."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def seen(scope: Scope) -> QuerySet[InboundMessage]:
    """Return the messages of which every order lies in the scope."""
    return wholly_within(InboundMessage.objects.all(), scope)


def wholly_within(rows: QuerySet[InboundMessage], scope: Scope) -> QuerySet[InboundMessage]:
    """Return those of the messages of which every order lies in the scope."""
    if scope.everywhere:
        return rows
    # One scalar question a message: as EXISTS it is made a join, and then may read every order.
    inside = Case(When(site__in=scope.site_ids, then=True), default=False)
    told = Order.objects.filter(_IsAnyOf(F("pk"), OuterRef("order_ids")))
    every = Func(inside, function="bool_and", output_field=BooleanField())
    return rows.alias(is_seen=Subquery(told.values(every=every))).filter(is_seen=True)


def inbound(scope: Scope, wanted: InboundFilter, *, before: int | None = None) -> Part[InboundRow]:
    """Return the newest messages of a list.

    Args:
        scope: where the viewer may look at messages.
        wanted: a number is looked for in all messages, a rare state too; else the span bounds.
        before: the key below which the part begins.
    """
    rows = _narrowed(seen(scope), wanted)
    part = part_of(rows.defer("raw", "ack"), before)
    return Part(_rows(part.rows, scope), part.before)


def inbound_about(orders: Sequence[int], scope: Scope) -> Part[InboundRow]:
    """Return the newest messages about some orders, at most ``FOUND_MOST``, newest first."""
    rows = seen(scope).filter(pk__in=_about(orders)).defer("raw", "ack")
    messages = list(rows.order_by("-pk")[:FOUND_MOST])
    return Part(_rows(messages, scope), None)


def orders_of(messages: Iterable[InboundMessage], scope: Scope) -> Mapping[int, Order]:
    """Return the orders of the scope that the messages tell of, by key, in one read."""
    ids = {order_id for message in messages for order_id in message.order_ids}
    if not ids:
        return {}
    rows = scope.limit(Order.objects.filter(pk__in=ids))
    return {order.pk: order for order in rows.only("accession", "status", "site")}


def _rows(messages: Sequence[InboundMessage], scope: Scope) -> list[InboundRow]:
    orders = orders_of(messages, scope)
    return [
        InboundRow(message, [orders[key] for key in message.order_ids if key in orders])
        for message in messages
    ]


def _narrowed(rows: QuerySet[InboundMessage], wanted: InboundFilter) -> QuerySet[InboundMessage]:
    if wanted.sender:
        rows = rows.filter(sender__icontains=wanted.sender)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.message_type:
        rows = rows.filter(_of_type(wanted.message_type))
    if wanted.order_control:
        rows = rows.filter(order_control=wanted.order_control)
    if wanted.number:
        return rows.filter(pk__in=_known_as(wanted.number))
    return rows if wanted.is_rare else within(rows, "received_at", wanted.span)


def _known_as(number: str) -> set[int]:
    """Return the keys of the messages of that control id, and of those about that order.

    Each is asked of its own index; what they have in common is put together here.
    """
    return {*_newest(Q(control_id=number))} | _about(order_ids(number))


def _about(ids: Sequence[int]) -> set[int]:
    if not ids:
        return set()
    first = _newest(~Q(order_ids=[]) & Q(order_ids__0__in=ids))
    return {*first, *_newest(Q(order_ids__len__gt=1, order_ids__overlap=list(ids)))}


def _of_type(wanted: str) -> Q:
    """Return the messages of a type: ``ORM^O01`` that one, ``ORM`` with any event."""
    if "^" in wanted:
        return Q(message_type=wanted)
    return Q(message_type=wanted) | Q(message_type__startswith=f"{wanted}^")


def _newest(about: Q) -> Iterable[int]:
    # Sorted by the bare key PostgreSQL may walk all messages backwards instead.
    rows = InboundMessage.objects.filter(about).order_by((F("pk") + 0).desc())
    return rows.values_list("pk", flat=True)[:FOUND_MOST]
