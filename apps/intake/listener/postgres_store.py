"""Writes batches of messages into PostgreSQL: one statement, one durable transaction.

The statement claims the keys first. What could not be claimed is a resend: its row is already
there, and the answer beside it is read after the statement, because a row that another
transaction has just committed is invisible to the statement that met it.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Sequence
from typing import Any

import psycopg

from apps.intake.listener.database import Connection, close_quietly, connect, is_alive, sever
from apps.intake.listener.receipts import Receipt, Written
from apps.intake.listener.store import (
    MessageRefusedError,
    OutcomeUnknownError,
    StoreUnavailableError,
)

log = logging.getLogger(__name__)

# A segment ends with CR, so no value of a message holds one.
_SEPARATOR = "\r"
_STATEMENT_SECONDS = 12.0
# The server gives up first; this is for a server that says nothing any more.
_ANSWER_SECONDS = 15.0
# A connection that was just lost is waited for so long before messages are refused, which saves
# the resends of a quick restart. Later on a short wait remains, so that peers that send again
# at once do not keep us busy with refusals.
_GRACE_SECONDS = 1.0
_SHORT_GRACE_SECONDS = 0.05
_BACKOFF_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)
# SQLSTATE classes that say nothing about the message: connection, transaction rolled back,
# insufficient resources, object in use, operator intervention, system error; 25006 is a server
# that only reads, as after a failover.
_NOT_NOW_CLASSES = frozenset({"08", "25", "40", "53", "55", "57", "58"})

_INSERT = b"""
WITH incoming AS MATERIALIZED (
    SELECT nextval('intake_inboundmessage_id_seq') AS id, fresh.*
    FROM unnest(
        %b::bytea[], %b::bigint[], %b::timestamptz[], %b::text[], %b::text[], %b::text[],
        %b::bytea[], %b::text[], %b::text[], %b::text[], %b::boolean[], %b::bytea[],
        %b::text[], %b::bytea[], %b::text[], %b::text[], %b::text[]
    ) WITH ORDINALITY AS fresh (
        key, arrival_seq, received_at, sender, peer, control_id,
        digest, message_type, order_control, order_keys, is_urgent, raw,
        state, ack, ack_code, error, flags, place
    )
), claimed AS (
    INSERT INTO intake_messagekey (key, message_id)
    SELECT key, id FROM incoming WHERE key IS NOT NULL
    ON CONFLICT (key) DO NOTHING
    RETURNING message_id
), stored AS (
    INSERT INTO intake_inboundmessage (
        id, arrival_seq, received_at, sender, peer, control_id, digest, message_type,
        order_control, order_keys, is_urgent, raw, state, ack, ack_code, error,
        flags, attempts, order_ids, processed_at
    )
    SELECT
        id, arrival_seq, received_at, sender, peer, control_id, digest, message_type,
        order_control, string_to_array(order_keys, E'\\r'), is_urgent, raw, state, ack, ack_code,
        error, string_to_array(flags, E'\\r'), 0, '{}',
        CASE WHEN state = 'ignored' THEN received_at END
    FROM incoming
    WHERE key IS NULL OR id IN (SELECT message_id FROM claimed)
)
SELECT place - 1 FROM incoming
WHERE key IS NOT NULL AND id NOT IN (SELECT message_id FROM claimed)
"""
_FIRST_ANSWERS = b"""
SELECT known.key, message.ack, message.ack_code
FROM intake_messagekey AS known
JOIN intake_inboundmessage AS message ON message.id = known.message_id
WHERE known.key = ANY(%b::bytea[])
"""


class PostgresStore:
    """One writer's connection, made again by itself after every loss."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._ready = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None
        self._lost_at = time.monotonic()

    async def wait_ready(self, seconds: float) -> bool:
        """Return whether there is a connection, after waiting for it at most so long."""
        if self._connection is None:
            self._reconnect_in_background()
        try:
            await asyncio.wait_for(self._ready.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def write(self, receipts: Sequence[Receipt]) -> list[Written]:
        """Commit the batch; see ``MessageStore``."""
        connection = await self._live_connection()
        watchdog = asyncio.get_running_loop().call_later(_ANSWER_SECONDS, sever, connection)
        try:
            return await _write(connection, receipts)
        except psycopg.Error as error:
            raise await self._meaning_of(error, connection) from error
        except OutcomeUnknownError:
            await self._drop()
            raise
        finally:
            watchdog.cancel()

    async def close(self) -> None:
        """Close the connection and stop making new ones."""
        if self._connecting is not None:
            self._connecting.cancel()
        await self._drop()

    async def _live_connection(self) -> Connection:
        if self._connection is not None and not is_alive(self._connection):
            await self._drop()
        if self._connection is None and not await self.wait_ready(self._grace_seconds()):
            raise StoreUnavailableError("no connection to the database")
        if self._connection is None:
            raise StoreUnavailableError("the connection was lost again")
        return self._connection

    def _grace_seconds(self) -> float:
        return max(_SHORT_GRACE_SECONDS, self._lost_at + _GRACE_SECONDS - time.monotonic())

    async def _meaning_of(self, error: psycopg.Error, connection: Connection) -> Exception:
        """Return what the failure says about the batch."""
        sqlstate = error.sqlstate or ""
        if connection.closed or connection.pgconn.status != psycopg.pq.ConnStatus.OK:
            await self._drop()
            return OutcomeUnknownError(f"connection lost ({sqlstate or 'no SQLSTATE'})")
        if sqlstate[:2] not in _NOT_NOW_CLASSES:
            return MessageRefusedError(sqlstate)
        # A server that only reads, or shuts down, may have a successor at the same address.
        await self._drop()
        return StoreUnavailableError(f"SQLSTATE {sqlstate}")

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._lost_at = time.monotonic()
        self._ready.clear()
        await close_quietly(connection)

    def _reconnect_in_background(self) -> None:
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._reconnect())

    async def _reconnect(self) -> None:
        for attempt in itertools.count():
            try:
                self._connection = await connect(
                    durable=True, statement_seconds=_STATEMENT_SECONDS
                )
            except (psycopg.Error, OSError) as error:
                if attempt == 0:
                    log.warning("database is away: %s", type(error).__name__)
                await asyncio.sleep(_BACKOFF_SECONDS[min(attempt, len(_BACKOFF_SECONDS) - 1)])
            else:
                self._ready.set()
                return


async def _write(connection: Connection, receipts: Sequence[Receipt]) -> list[Written]:
    """Insert, then look up the answers of resends."""
    # Sorted by key, two writers take their locks in one order and never wait for each other in
    # a circle; of equal keys in one batch the earlier message is the one that is stored.
    order = sorted(
        range(len(receipts)),
        key=lambda place: (receipts[place].key or b"", receipts[place].arrival_seq),
    )
    cursor = connection.cursor(binary=True)
    await cursor.execute(_INSERT, _columns([receipts[place] for place in order]), prepare=True)
    resends = [order[row[0]] for row in await cursor.fetchall()]
    written = [Written(receipt.ack, receipt.ack_code) for receipt in receipts]
    if resends:
        first = await _first_answers(connection, [receipts[place].key for place in resends])
        for place in resends:
            # Where retention has deleted the message but not yet its key, the answer that was
            # just prepared says the same.
            written[place] = first.get(receipts[place].key, written[place])
    return written


async def _first_answers(
    connection: Connection, keys: Sequence[bytes | None]
) -> dict[bytes | None, Written]:
    cursor = connection.cursor(binary=True)
    try:
        await cursor.execute(_FIRST_ANSWERS, [list(keys)], prepare=True)
    except psycopg.Error as error:
        # The new messages of the batch are committed already.
        raise OutcomeUnknownError("the first answers could not be read") from error
    return {bytes(key): Written(ack, code) for key, ack, code in await cursor.fetchall()}


def _columns(receipts: Sequence[Receipt]) -> list[list[Any]]:
    columns = [list(column) for column in zip(*receipts, strict=True)]
    for name in ("order_keys", "flags"):
        number = Receipt._fields.index(name)
        columns[number] = [_SEPARATOR.join(values) for values in columns[number]]
    return columns
