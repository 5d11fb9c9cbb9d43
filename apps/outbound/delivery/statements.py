"""The SQL of delivery, one statement a constant."""

from __future__ import annotations

PEERS = """
SELECT id, name, host, port, answer_timeout_seconds, on_dead_letter, quick_retries,
       longest_wait_seconds, give_up_hours, uses_tls, tls_authority, tls_server_name,
       shows_certificate
FROM outbound_destination WHERE is_enabled ORDER BY id
"""

VERSION = "SELECT version FROM core_configversion WHERE area = 'outbound'"

TRY_LOCK = """
SELECT id FROM unnest(%(ids)s::bigint[]) AS wanted(id)
WHERE pg_try_advisory_lock(%(space)s::int, id::int)
"""

UNLOCK = "SELECT pg_advisory_unlock(%s::int, %s::int)"

LINK = """
SELECT failing_since, failures, next_attempt_at, last_error FROM outbound_destinationlink
WHERE destination_id = %s AND address = %s AND served_at >= %s
"""

SAVE_LINK = """
INSERT INTO outbound_destinationlink (destination_id, address, served_at, failing_since, failures,
                                      next_attempt_at, last_error)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (destination_id) DO UPDATE SET
    address = EXCLUDED.address, served_at = EXCLUDED.served_at,
    failing_since = EXCLUDED.failing_since, failures = EXCLUDED.failures,
    next_attempt_at = EXCLUDED.next_attempt_at, last_error = EXCLUDED.last_error
"""

SERVED = """
INSERT INTO outbound_destinationlink (destination_id, address, served_at, failures, last_error)
SELECT id, address, %(at)s, 0, ''
FROM unnest(%(ids)s::bigint[], %(addresses)s::text[]) AS served(id, address)
ON CONFLICT (destination_id) DO UPDATE SET served_at = EXCLUDED.served_at
"""

# A message waits while an earlier one of its order rests or, where the destination holds, is
# dead; looked up message by message, because joined to the whole queue it is slow when the queue
# is long. The window keeps a batch of large messages from filling the memory; the first always goes.
DUE = """
SELECT due.id, due.destination_id, due.order_id, due.control_id, due.payload, due.attempts,
       due.first_sent_at, due.found
FROM unnest(%(ids)s::bigint[], %(holds)s::bool[]) AS peer(id, holds)
CROSS JOIN LATERAL (
    SELECT head.*, sum(octet_length(head.payload)) OVER (ORDER BY head.id) AS bytes,
           row_number() OVER (ORDER BY head.id) AS place, count(*) OVER () AS found
    FROM (
        SELECT message.id, message.destination_id, message.order_id, message.control_id,
               message.payload, message.attempts, message.first_sent_at
        FROM outbound_outboundmessage AS message
        WHERE message.destination_id = peer.id AND message.state = 'queued'
          AND message.next_attempt_at <= %(at)s
          AND (
              SELECT true FROM outbound_outboundmessage AS earlier
              WHERE earlier.destination_id = message.destination_id
                AND earlier.order_id = message.order_id
                AND earlier.id < message.id
                AND earlier.state IN ('queued', 'dead')
                AND (earlier.state = 'queued' AND earlier.next_attempt_at > %(at)s
                     OR peer.holds AND earlier.state = 'dead')
              LIMIT 1
          ) IS NULL
        ORDER BY message.id LIMIT %(most)s
    ) AS head
) AS due
WHERE due.place = 1 OR due.bytes <= 4194304
ORDER BY due.id
"""

RECORD = """
UPDATE outbound_outboundmessage AS message SET
    state = fresh.state,
    attempts = message.attempts + fresh.tries,
    first_sent_at = COALESCE(message.first_sent_at, fresh.sent_at),
    sent_at = fresh.sent_at,
    next_attempt_at = COALESCE(fresh.next_attempt_at, message.next_attempt_at),
    answered_at = fresh.answered_at,
    answer_code = fresh.answer_code,
    error = fresh.error
FROM unnest(%(ids)s::bigint[], %(tries)s::int[], %(sent)s::timestamptz[], %(states)s::text[],
            %(next)s::timestamptz[], %(answered)s::timestamptz[], %(codes)s::text[],
            %(errors)s::text[])
     AS fresh(id, tries, sent_at, state, next_attempt_at, answered_at, answer_code, error)
WHERE message.id = fresh.id AND (message.state = 'queued' OR fresh.state = 'delivered')
"""

EXPIRE = """
UPDATE outbound_outboundmessage SET state = 'dead', error = %s
WHERE destination_id = %s AND state = 'queued'
  AND GREATEST(created_at, next_attempt_at) <= %s
"""
