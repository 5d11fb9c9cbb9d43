"""Reads from PostgreSQL what became of messages, on a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from apps.core import clock
from apps.intake.choices import ANSWERED_BEFORE_EFFECT
from apps.intake.listener.database import Connection, close_quietly, connect, sever
from apps.intake.listener.receipts import Written
from apps.intake.listener.store import StoreUnavailableError

_STATEMENT_SECONDS = 5.0
# The server gives up first; this is for a server that says nothing any more.
_ANSWER_SECONDS = 6.0

_SETTLED = b"""
SELECT known.key, message.id IS NULL, message.ack, message.ack_code
FROM intake_messagekey AS known
LEFT JOIN intake_inboundmessage AS message ON message.id = known.message_id
WHERE known.key = ANY(%b::bytea[]) AND message.state IS DISTINCT FROM 'waiting'
"""
# One row a statement: the decider locks many, and two who lock many may wait for each other.
_MARK = b"""
UPDATE intake_inboundmessage SET flags = array_append(array_remove(flags, %b), %b)
WHERE id = (SELECT message_id FROM intake_messagekey WHERE key = %b) AND state = 'waiting'
"""
_STAND_BY = b"""
UPDATE intake_inboundmessage SET state = 'quarantined', processed_at = %b, ack = %b,
    ack_code = %b, flags = array_append(array_remove(flags, %b), %b)
WHERE id = (SELECT message_id FROM intake_messagekey WHERE key = %b) AND state = 'refused'
"""


class PostgresEffects:
    """The connection is made when it is first needed, and again after every loss."""

    def __init__(self) -> None:
        self._connection: Connection | None = None

    async def settled(self, keys: Sequence[bytes]) -> Mapping[bytes, Written | None]:
        """Return what no longer waits; see ``EffectReader``."""
        cursor = await self._run(_SETTLED, [list(keys)])
        return {
            bytes(key): None if is_gone else Written(ack, code)
            for key, is_gone, ack, code in await cursor.fetchall()
        }

    async def mark_answered(self, key: bytes) -> bool:
        """Note that the sender was told; see ``EffectReader``."""
        mark = ANSWERED_BEFORE_EFFECT
        cursor = await self._run(_MARK, [mark, mark, key])
        return cursor.rowcount > 0

    async def stand_by(self, key: bytes, answer: Written) -> None:
        """Put what was refused into quarantine; see ``EffectReader``."""
        mark = ANSWERED_BEFORE_EFFECT
        said = [clock.now(), answer.ack, answer.ack_code]
        await self._run(_STAND_BY, [*said, mark, mark, key])

    async def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        await close_quietly(connection)

    async def _run(
        self, statement: bytes, parameters: Sequence[Any]
    ) -> psycopg.AsyncCursor[tuple[Any, ...]]:
        watchdog = None
        try:
            if self._connection is None:
                # A mark must outlive a crash: the answer that it tells of has gone out by then.
                self._connection = await connect(
                    durable=True, statement_seconds=_STATEMENT_SECONDS
                )
            loop = asyncio.get_running_loop()
            watchdog = loop.call_later(_ANSWER_SECONDS, sever, self._connection)
            cursor = self._connection.cursor(binary=True)
            return await cursor.execute(statement, parameters, prepare=True)
        except (psycopg.Error, OSError) as error:
            await self.close()
            raise StoreUnavailableError(type(error).__name__) from error
        finally:
            if watchdog is not None:
                watchdog.cancel()
