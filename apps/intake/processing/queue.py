"""Which waiting messages are next, what is tried alone, and what is set aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.core import bulk
from apps.intake.choices import InboundState
from apps.intake.keys import order_keys
from apps.intake.models import InboundMessage

BATCH_SIZE = 100
MOST_BYTES = 32 * 1024 * 1024
"""How much a batch holds in memory; a single message may be larger."""
MOST_ALONG = 5 * BATCH_SIZE
"""How many messages may go before an urgent one of their order in its batch."""
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
_URGENT_FIRST = "is_urgent DESC, arrival_seq, id"
_BY_ARRIVAL = "arrival_seq, id"


def _bounded(order: str) -> str:
    """Return the query for the next messages in an order, as many as a batch may hold in bytes.

    The first comes along whatever its size. ``available`` is how many there were before the bytes
    were counted.
    """
    return f"""
        SELECT {_COLUMNS}, available FROM (
            SELECT *, count(*) OVER () AS available, row_number() OVER (ORDER BY {order}) AS place,
                sum(octet_length(raw)) OVER (ORDER BY {order}) AS so_far
            FROM (
                SELECT {_COLUMNS} FROM intake_inboundmessage WHERE state = 'waiting'
                ORDER BY {order} LIMIT %s
            ) AS nearest
        ) AS counted
        WHERE so_far <= {MOST_BYTES} OR place = 1 ORDER BY place
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
    return arranged(bulk.select(*next_query(limit)), limit)


def next_query(limit: int) -> bulk.Query:
    """Return the query for the next messages; its rows are for ``arranged``."""
    return _bounded(_URGENT_FIRST), [limit]


def arranged(rows: Sequence[tuple[Any, ...]], limit: int) -> list[Waiting]:
    """Return the batch that the rows of ``next_query`` make, in the order to take it."""
    batch = [_waiting(row[:-1]) for row in rows]
    jumping = [message for message in batch if message.is_urgent]
    if not jumping:
        return batch
    if len(batch) == rows[0][-1] < limit:
        # Everything that waits is in it, so nothing is left behind that must go before.
        return _in_order(batch)
    along = _with_earlier(batch, jumping)
    # Too much goes before the urgent ones to come along at once: then all go by arrival, which
    # keeps every order's own order, until what was in the way is worked off.
    return _in_order(along) if along is not None else _by_arrival(limit)


def _by_arrival(limit: int) -> list[Waiting]:
    rows = bulk.select(_bounded(_BY_ARRIVAL), [limit])
    return [_waiting(row[:-1]) for row in rows]


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
    # By urgency apart, so that each look is one step into the index of waiting messages.
    rows = bulk.select_all([(_OLDEST, [is_urgent]) for is_urgent in (True, False)])
    return min((row[0][0] for row in rows if row), default=None)


_OLDEST = """
    SELECT received_at FROM intake_inboundmessage
    WHERE state = 'waiting' AND is_urgent = %s ORDER BY arrival_seq LIMIT 1
"""


def _select(sql: str, parameters: list[object]) -> list[Waiting]:
    return [_waiting(row) for row in bulk.select(sql, parameters)]


def _waiting(row: tuple[Any, ...]) -> Waiting:
    return Waiting(row[0], row[1], row[2], bytes(row[3]), *row[4:])


def _with_earlier(batch: list[Waiting], jumping: list[Waiting]) -> list[Waiting] | None:
    """Add the earlier messages of the orders that jump the queue, and of theirs in turn.

    Returns:
        The batch with them, None where they are too many or too large for one batch.
    """
    newest = max(message.arrival_seq for message in jumping)
    # What the batch holds already is looked at too: it may be the link to what it does not.
    walked = {message.id: message for message in jumping}
    looking = jumping
    while looking:
        keys = {key for message in looking for key in message.order_keys}
        keys |= _other_keys(keys)
        looking = _select(_EARLIER, [newest, sorted(keys), list(walked), BATCH_SIZE])
        walked |= {message.id: message for message in looking}
        size = sum(len(message.raw) for message in walked.values())
        if len(walked) > len(jumping) + MOST_ALONG or size > 2 * MOST_BYTES:
            return None
    return list(({message.id: message for message in batch} | walked).values())


def _in_order(messages: Sequence[Waiting]) -> list[Waiting]:
    """Put urgent messages and what belongs before them first, each order by arrival.

    Messages belong together through chains of shared keys: one may name the placer number
    only, the next the accession only, and a third, or the order itself, both.
    """
    by_arrival = sorted(messages, key=lambda message: (message.arrival_seq, message.id))
    if not any(message.is_urgent for message in by_arrival[1:]):
        return by_arrival
    chains = _Chains(messages)
    last_urgent = {
        chains.of(message): place for place, message in enumerate(by_arrival) if message.is_urgent
    }
    first: list[Waiting] = []
    later: list[Waiting] = []
    for place, message in enumerate(by_arrival):
        goes_first = place <= last_urgent.get(chains.of(message), -1)
        (first if goes_first else later).append(message)
    return [*first, *later]


class _Chains:
    """Which messages are joined through shared order keys; a small union-find."""

    def __init__(self, messages: Sequence[Waiting]) -> None:
        self._parents: dict[str, str] = {}
        for message in messages:
            self._join(message.order_keys)
        for keys in _known_together(key for row in messages for key in row.order_keys):
            self._join(keys)

    def of(self, message: Waiting) -> str:
        """Return the name of the message's chain; one without keys is a chain of its own."""
        return self._root(message.order_keys[0]) if message.order_keys else f"#{message.id}"

    def _join(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._parents[self._root(key)] = self._root(keys[0])

    def _root(self, key: str) -> str:
        parent = self._parents.setdefault(key, key)
        while parent != key:
            # Halve the path, so that long chains stay cheap.
            self._parents[key] = self._parents.get(parent, parent)
            key, parent = parent, self._parents.get(parent, parent)
        return key


def _other_keys(keys: set[str]) -> set[str]:
    """Return the other numbers of the orders that are known under one of these."""
    return {key for known in _known_together(keys) for key in known}


def _known_together(keys: Iterable[str]) -> list[tuple[str, ...]]:
    """Return, for each stored order known under one of these keys, the keys of all its numbers.

    A number stored with a namespace (EI-2) or a procedure is not found this way: then only
    messages that share a key are kept in order.
    """
    pairs = sorted({(key.split("|", 2)[0], key.split("|", 2)[2]) for key in keys})
    if not pairs:
        return []
    issuers, values = (list(column) for column in zip(*pairs, strict=True))
    rows = bulk.select(_TOGETHER, [issuers, values])
    return [
        order_keys(issuer, zip(kinds, numbers, strict=True)) for issuer, kinds, numbers in rows
    ]


_TOGETHER = """
    SELECT max(issuer), array_agg(kind::text), array_agg(value::text) FROM orders_orderidentifier
    WHERE order_id IN (
        SELECT order_id FROM orders_orderidentifier
        WHERE (issuer, value) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
    )
    GROUP BY order_id
"""


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
