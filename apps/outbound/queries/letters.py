"""What waits for one destination, and what it did not take."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from apps.core.access import EVERYWHERE, Scope
from apps.outbound.choices import OutboundState
from apps.outbound.models import OutboundMessage

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Resending:
    """What sending a destination's dead letters again would do.

    ``first`` are the first that go, in the order of sending; ``outdated`` say what is no longer
    so, because a later message of their order was taken, and are left.
    """

    number: int
    orders: int
    outdated: int
    first: list[OutboundMessage]


def queue_of(destination_id: int, scope: Scope, *, most: int = SHOWN) -> list[OutboundMessage]:
    """Return the next messages to go, in the order in which they go."""
    return list(_shown(destination_id, OutboundState.QUEUED, scope)[:most])


def dead_letters(destination_id: int, scope: Scope) -> QuerySet[OutboundMessage]:
    """Return what the destination did not take, oldest first."""
    return _shown(destination_id, OutboundState.DEAD, scope)


def to_resend(destination_id: int, scope: Scope = EVERYWHERE) -> QuerySet[OutboundMessage]:
    """Return the dead letters that still say what is so, oldest first.

    Those are left of which the destination has taken a later message of the same order.
    """
    later = OutboundMessage.objects.filter(
        destination_id=OuterRef("destination_id"),
        order_id=OuterRef("order_id"),
        pk__gt=OuterRef("pk"),
        state=OutboundState.DELIVERED,
    )
    return _of(destination_id, OutboundState.DEAD, scope).filter(~Exists(later)).order_by("pk")


def resending(destination_id: int, scope: Scope) -> Resending:
    """Return what sending the dead letters again would do."""
    rows = to_resend(destination_id, scope)
    orders = list(rows.values_list("order_id", flat=True))
    dead = _of(destination_id, OutboundState.DEAD, scope).count()
    first = rows.select_related("order").defer("payload")[:SHOWN]
    return Resending(len(orders), len(set(orders)), dead - len(orders), list(first))


def was_told(destination_id: int) -> bool:
    """Return whether the destination was ever told of anything."""
    return OutboundMessage.objects.filter(destination_id=destination_id).exists()


def _shown(destination_id: int, state: OutboundState, scope: Scope) -> QuerySet[OutboundMessage]:
    rows = _of(destination_id, state, scope).select_related("order").defer("payload")
    return rows.order_by("pk")


def _of(destination_id: int, state: OutboundState, scope: Scope) -> QuerySet[OutboundMessage]:
    rows = OutboundMessage.objects.filter(destination_id=destination_id, state=state)
    return scope.limit(rows, "order__site")
