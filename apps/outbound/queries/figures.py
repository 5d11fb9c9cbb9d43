"""How each destination is doing, and its dead letters, for pages and for metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from apps.outbound.choices import OutboundState
from apps.outbound.models import OutboundMessage

_QUEUES = """
SELECT destination.id, destination.name, destination.is_enabled,
       COALESCE(queued.number, 0), queued.oldest, COALESCE(dead.number, 0),
       link.failing_since, link.next_attempt_at, COALESCE(link.last_error, '')
FROM outbound_destination AS destination
LEFT JOIN outbound_destinationlink AS link
    ON link.destination_id = destination.id
    AND link.address = destination.host || ':' || destination.port
LEFT JOIN (
    SELECT destination_id, count(*) AS number, min(created_at) AS oldest
    FROM outbound_outboundmessage WHERE state = 'queued' GROUP BY destination_id
) AS queued ON queued.destination_id = destination.id
LEFT JOIN (
    SELECT destination_id, count(*) AS number
    FROM outbound_outboundmessage WHERE state = 'dead' GROUP BY destination_id
) AS dead ON dead.destination_id = destination.id
ORDER BY destination.name
"""


@dataclass(frozen=True, slots=True)
class DestinationQueue:
    """What waits for a destination, and whether it can be reached.

    ``failing_since`` is None while it answers; ``next_attempt_at`` is when it is tried again.
    """

    destination_id: int
    name: str
    is_enabled: bool
    queued: int
    oldest_at: datetime | None
    dead: int
    failing_since: datetime | None
    next_attempt_at: datetime | None
    last_error: str


def queues() -> list[DestinationQueue]:
    """Return one row for each destination, by name; empty queues too."""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUES)
        return [DestinationQueue(*row) for row in cursor.fetchall()]


def dead_letters(destination_id: int | None = None) -> QuerySet[OutboundMessage]:
    """Return what could not be delivered, oldest first, of one destination or of all."""
    found = OutboundMessage.objects.filter(state=OutboundState.DEAD).order_by("id")
    if destination_id is not None:
        found = found.filter(destination_id=destination_id)
    return found.select_related("destination", "order").defer("payload")
