"""Messages to destinations, as their list shows them, within a scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import F, Q, QuerySet

from apps.core.access import Scope
from apps.intake.queries.span import FOUND_MOST, Part, Span, part_of, within
from apps.orders.search import order_ids
from apps.outbound.choices import OutboundState
from apps.outbound.models import Destination, OutboundMessage
from apps.outbound.queries.pages import seen as seen_destinations

_RARE = frozenset({OutboundState.QUEUED, OutboundState.DEAD})
"""States with an index of their own: shown however long ago the messages were made."""


@dataclass(frozen=True, slots=True)
class OutboundFilter:
    """What the list is narrowed by; ``number`` is a control id or an order's number, in full."""

    number: str = ""
    destination: int | None = None
    state: str = ""
    span: Span = field(default_factory=Span)
    kind: str = ""

    @property
    def is_rare(self) -> bool:
        """Return whether the state is looked for however long ago."""
        return self.state in _RARE


def seen(scope: Scope) -> QuerySet[OutboundMessage]:
    """Return the messages about orders of the scope."""
    return scope.limit(OutboundMessage.objects.all(), "order__site")


def outbound(
    scope: Scope, wanted: OutboundFilter, *, before: int | None = None
) -> Part[OutboundMessage]:
    """Return the newest messages of a list; a number or a rare state is looked for in all."""
    rows = seen(scope).select_related("destination", "order")
    if wanted.destination is not None:
        rows = rows.filter(destination=wanted.destination)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.number:
        rows = rows.filter(pk__in=_known_as(wanted.number))
    elif wanted.is_rare:
        # Their indexes begin with the destination.
        rows = rows.filter(destination__in=list(destinations(scope).values_list("pk", flat=True)))
    else:
        rows = within(rows, "created_at", wanted.span)
    return part_of(rows.defer("payload"), before)


def outbound_about(orders: Sequence[int], scope: Scope) -> Part[OutboundMessage]:
    """Return the newest messages about some orders, at most ``FOUND_MOST``, newest first."""
    rows = seen(scope).filter(pk__in={*_newest(Q(order__in=orders))} if orders else set())
    rows = rows.select_related("destination", "order").defer("payload")
    return Part(list(rows.order_by("-pk")[:FOUND_MOST]), None)


def destinations(scope: Scope) -> QuerySet[Destination]:
    """Return the destinations that the list can be narrowed to, by name."""
    return seen_destinations(scope).order_by("name")


def _known_as(number: str) -> set[int]:
    """Return the keys of the messages of that control id, and of those about that order."""
    peers = list(Destination.objects.values_list("pk", flat=True))
    found = {*_newest(Q(destination__in=peers, control_id=number))}
    ids = order_ids(number)
    return found | {*_newest(Q(order__in=ids))} if ids else found


def _newest(about: Q) -> Iterable[int]:
    # Sorted by the bare key PostgreSQL may walk all messages backwards instead.
    rows = OutboundMessage.objects.filter(about).order_by((F("pk") + 0).desc())
    return rows.values_list("pk", flat=True)[:FOUND_MOST]
