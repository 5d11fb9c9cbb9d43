"""Writes what came of attempts behind the sending, many rows in one statement.

An attempt counts from the moment its bytes leave; that reaches the row within 50 ms, with or
without an answer. What a crash takes from these 50 ms is an attempt that was not counted or a
message that is sent once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import datetime

from apps.outbound.choices import OutboundState
from apps.outbound.delivery.letters import Letter, Record

WRITE_AFTER_SECONDS = 0.05

Write = Callable[[Collection[Record]], Awaitable[None]]


class Recorder:
    """Collects records and writes them; one record per message at a time."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._pending: dict[int, Record] = {}
        self._has_pending = asyncio.Event()

    async def run(self) -> None:
        """Write what is pending 50 ms after it came, for ever."""
        while True:
            await self._has_pending.wait()
            await asyncio.sleep(WRITE_AFTER_SECONDS)
            await self.settle()

    async def settle(self) -> None:
        """Write what is pending now; on return every row says what is known."""
        pending, self._pending = self._pending, {}
        self._has_pending.clear()
        if pending:
            await self._write(pending.values())

    def sending(self, letter: Letter, at: datetime) -> None:
        """Count an attempt."""
        self._put(Record(letter.id, 1, at))

    def delivered(self, letter: Letter, sent_at: datetime, at: datetime, code: str) -> None:
        """Close a message whose answer came at ``at``."""
        self._put(
            Record(
                letter.id,
                0,
                sent_at,
                OutboundState.DELIVERED,
                answered_at=at,
                answer_code=code,
            )
        )

    def failed(
        self,
        letter: Letter,
        sent_at: datetime,
        at: datetime,
        error: str,
        *,
        code: str,
        retry_at: datetime | None,
    ) -> None:
        """Note a failed attempt; without ``code`` there was no answer.

        ``retry_at`` None makes it a dead letter.
        """
        state = OutboundState.DEAD if retry_at is None else OutboundState.QUEUED
        answered_at = at if code else None
        self._put(Record(letter.id, 0, sent_at, state, retry_at, answered_at, code, error))

    def _put(self, record: Record) -> None:
        before = self._pending.get(record.id)
        tries = before.tries if before else 0
        self._pending[record.id] = replace(record, tries=tries + record.tries)
        self._has_pending.set()
