"""Since when the oldest message waits that could be sent now; asked each second, so it is cheap."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from apps.core import clock

# Not waiting: what rests for its retry, what is held by a dead letter or an earlier message of
# its order, and what stands behind others in a queue that a deliverer looks after right now.
_OLDEST = """
SELECT min(GREATEST(head.next_attempt_at, link.next_attempt_at, link.served_at))
FROM outbound_destination AS destination
LEFT JOIN outbound_destinationlink AS link
    ON link.destination_id = destination.id
    AND link.address = destination.host || ':' || destination.port
CROSS JOIN LATERAL (
    SELECT message.next_attempt_at
    FROM outbound_outboundmessage AS message
    WHERE message.destination_id = destination.id AND message.state = 'queued'
      AND message.next_attempt_at <= %(at)s
      AND (
          SELECT true FROM outbound_outboundmessage AS earlier
          WHERE earlier.destination_id = message.destination_id
            AND earlier.order_id = message.order_id
            AND earlier.id < message.id
            AND earlier.state IN ('queued', 'dead')
            AND (earlier.state = 'queued' AND earlier.next_attempt_at > %(at)s
                 OR destination.on_dead_letter = 'hold' AND earlier.state = 'dead')
          LIMIT 1
      ) IS NULL
    ORDER BY message.id LIMIT 1
) AS head
WHERE destination.is_enabled
  AND (link.next_attempt_at IS NULL OR link.next_attempt_at <= %(at)s)
"""


def oldest_waiting(at: datetime) -> datetime | None:
    """Return since when a message waits that nothing but we keep from going out at ``at``.

    None where nothing waits, or what waits rests for a reason of its own.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST, {"at": at})
        found: datetime | None = cursor.fetchone()[0]
    return found


def oldest_waiting_now() -> datetime | None:
    """Return the same for this moment, as the watchdog asks it."""
    return oldest_waiting(clock.now())
