"""Which waiting messages are next, what is tried alone, and what is set aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.core import bulk
from apps.intake.choices import InboundState
from apps.intake.models import BatchMarker, InboundMessage

BATCH_SIZE = 100
MAX_ATTEMPTS = 3
_MARKER_ID = 1


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stored message that has not taken effect yet."""

    id: int
    arrival_seq: int
    received_at: datetime
    raw: bytes
    sender: str
    control_id: str
    order_keys: Sequence[str]
    is_urgent: bool
    attempts: int
    flags: Sequence[str]


_COLUMNS = (
    "id, arrival_seq, received_at, raw, sender, control_id, order_keys, is_urgent, attempts, flags"
)
_NEXT = f"""
    SELECT {_COLUMNS} FROM intake_inboundmessage WHERE state = 'waiting'
    ORDER BY is_urgent DESC, arrival_seq, id LIMIT %s
"""  # noqa: S608 -- our own column names
_EARLIER = f"""
    SELECT {_COLUMNS} FROM intake_inboundmessage
    WHERE state = 'waiting' AND NOT is_urgent AND arrival_seq < %s
      AND order_keys && %s::text[] AND NOT id = ANY(%s)
    ORDER BY arrival_seq, id LIMIT %s
"""  # noqa: S608 -- our own column names


def next_batch(limit: int = BATCH_SIZE) -> list[Waiting]:
    """Return the messages to take now: urgent ones first, then by arrival.

    A message never goes before an earlier one of the same order: the earlier ones of an urgent
    message come along, before it.
    """
    batch = _select(_NEXT, [limit])
    jumping = [message for message in batch if message.is_urgent]
    if not jumping:
        return batch
    if len(batch) < limit:
        # Everything that waits is in it, so nothing is left behind that must go before.
        return _in_order(batch)
    return _in_order(_with_earlier(batch, jumping))


def by_ids(ids: Iterable[int]) -> list[Waiting]:
    """Return those of the messages that still wait, by arrival."""
    return _select(
        f"SELECT {_COLUMNS} FROM intake_inboundmessage "  # noqa: S608 -- our own column names
        "WHERE state = 'waiting' AND id = ANY(%s) ORDER BY arrival_seq, id",
        [list(ids)],
    )


def has_waiting() -> bool:
    """Return whether any message waits to take effect."""
    return InboundMessage.objects.filter(state=InboundState.WAITING).exists()


def oldest_waiting_at() -> datetime | None:
    """Return when the longest waiting message was received, None without any."""
    return (
        InboundMessage.objects.filter(state=InboundState.WAITING)
        .order_by("received_at")
        .values_list("received_at", flat=True)
        .first()
    )


def _select(sql: str, parameters: list[object]) -> list[Waiting]:
    return [
        Waiting(row[0], row[1], row[2], bytes(row[3]), *row[4:])
        for row in bulk.select(sql, parameters)
    ]


def _with_earlier(batch: list[Waiting], jumping: list[Waiting]) -> list[Waiting]:
    """Add the earlier messages of the orders that jump the queue, and of theirs in turn."""
    taken = {message.id: message for message in batch}
    looking = jumping
    while looking:
        keys = sorted({key for message in looking for key in message.order_keys})
        newest = max(message.arrival_seq for message in looking)
        looking = _select(_EARLIER, [newest, keys, list(taken), BATCH_SIZE])
        taken |= {message.id: message for message in looking}
    return list(taken.values())


def _in_order(messages: Iterable[Waiting]) -> list[Waiting]:
    """Put urgent messages and what belongs before them first, each order by arrival."""
    by_arrival = sorted(messages, key=lambda message: (message.arrival_seq, message.id))
    hurried: set[str] = set()
    first, later = [], []
    for message in reversed(by_arrival):
        if message.is_urgent or hurried.intersection(message.order_keys):
            hurried.update(message.order_keys)
            first.append(message)
        else:
            later.append(message)
    return [*reversed(first), *reversed(later)]


# -- what died in hand --------------------------------------------------------------------------


def mark(ids: Sequence[int]) -> None:
    """Note, in a transaction of its own, which messages are in hand."""
    bulk.execute(_MARK, [_MARKER_ID, list(ids)])


# Only a hint for finding a deadly message: it need not survive a crash of the machine.
_MARK = """
    INSERT INTO intake_batchmarker (id, message_ids)
    SELECT %s, %s::bigint[] FROM (SELECT set_config('synchronous_commit', 'off', true)) AS quick
    ON CONFLICT (id) DO UPDATE SET message_ids = EXCLUDED.message_ids
"""


def clear_mark() -> None:
    """Note that nothing is in hand; call it in the transaction of the batch."""
    bulk.execute("UPDATE intake_batchmarker SET message_ids = '{}'", [])


def left_in_hand() -> list[int]:
    """Return the messages that a decider had in hand when it died."""
    row = BatchMarker.objects.filter(pk=_MARKER_ID).values_list("message_ids", flat=True).first()
    return list(row or [])


def count_attempt(message: Waiting) -> int:
    """Count a try, in a transaction of its own, before it is made; return its number."""
    with transaction.atomic():
        rows = bulk.select(
            "UPDATE intake_inboundmessage SET attempts = attempts + 1 "
            "WHERE id = %s RETURNING attempts",
            [message.id],
        )
    return int(rows[0][0])


def quarantine(message: Waiting, error: str, *, at: datetime) -> None:
    """Set a message aside for a person; what waited behind it goes on."""
    InboundMessage.objects.filter(pk=message.id, state=InboundState.WAITING).update(
        state=InboundState.QUARANTINED, error=error[:4000], processed_at=at
    )
