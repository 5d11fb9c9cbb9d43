"""The listener as a whole: accepts connections and holds what they share."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from apps.core import clock
from apps.hl7v2.peek import Peek
from apps.intake import metrics
from apps.intake.listener.acceptor import Acceptor, GiveContext
from apps.intake.listener.budget import ByteBudget
from apps.intake.listener.connection import MllpConnection
from apps.intake.listener.contacts import Contacts
from apps.intake.listener.door import Door, Visit
from apps.intake.listener.effects import EffectReader, Effects
from apps.intake.listener.limits import Limits
from apps.intake.listener.profiles import Profiles
from apps.intake.listener.reception import Reception
from apps.intake.listener.store import MessageStore
from apps.intake.listener.writer import Writers

log = logging.getLogger(__name__)

_CHECK_SECONDS = 1.0


class Listener:
    """Accepts MLLP connections and answers what arrives once it is stored.

    Use as an asynchronous context manager; leaving it stops accepting, answers what was
    received, and closes.

    Args:
        stores: one for each writer.
        limits: what peers may take.
        allowed: addresses and networks that may connect; none means everybody.
        contacts: is told who was heard.
        on_stored: called after each commit that brought something to decide.
        effects: tells what became of merges; None answers them at once, as all others.
    """

    def __init__(
        self,
        stores: Sequence[MessageStore],
        *,
        limits: Limits | None = None,
        allowed: Sequence[str] = (),
        contacts: Contacts | None = None,
        on_stored: Callable[[], None] = lambda: None,
        effects: EffectReader | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.contacts = contacts or Contacts()
        self.reception = Reception(Profiles())
        holder = Effects(effects, self.limits) if effects else None
        self.writers = Writers(stores, self.limits, on_stored=on_stored, holder=holder)
        self.budget = ByteBudget(self.limits.budget_bytes, self.limits.read_bytes)
        self.read_buffer = memoryview(bytearray(self.limits.read_bytes))
        self.received = 0
        self._stores = stores
        self._connections: set[MllpConnection] = set()
        self._accepted = 0
        self._counts: Counter[str] = Counter()
        self._door = Door(self.limits, allowed)
        self._acceptors: list[Acceptor] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start the writers; nothing is accepted before ``listen``."""
        self._tasks = [
            asyncio.create_task(self.writers.run()),
            asyncio.create_task(self._check_times()),
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop: no new connection, no new message, but an answer to each received one."""
        for acceptor in self._acceptors:
            acceptor.close()
        for connection in list(self._connections):
            connection.stop_reading()
        try:
            async with asyncio.timeout(self.limits.stop_seconds):
                await self.writers.wait_idle()
                await self._wait_closed()
        except TimeoutError:
            log.warning("stopped with %s connections still open", len(self._connections))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for store in self._stores:
            await store.close()

    def listen(self, host: str, port: int, *, tls: GiveContext | None = None) -> int:
        """Begin to accept; return the port, for 0 asks for any. May be called more than once.

        Args:
            host: the address.
            port: the port.
            tls: gives each connection its TLS context; None takes what is not encrypted.

        Raises:
            OSError: the address cannot be had.
        """
        acceptor = Acceptor(
            host,
            port,
            door=self._door,
            limits=self.limits,
            make_protocol=self._new_connection,
            tls=tls,
        )
        self._acceptors.append(acceptor)
        # What lives now lives for ever; the collector need not look at it again.
        gc.collect()
        gc.freeze()
        return acceptor.port

    @property
    def open_connections(self) -> int:
        """Return how many peers are connected."""
        return len(self._connections)

    def next_seq(self) -> int:
        """Return the place of a frame that has just arrived in the order of arrival."""
        return self.reception.next_seq(time.time_ns() // 1000)

    def admit(self, connection: MllpConnection) -> None:
        """Count a new connection in."""
        self._connections.add(connection)
        metrics.CONNECTIONS.inc()

    def dismiss(self, connection: MllpConnection) -> None:
        """Count a connection out."""
        if connection in self._connections:
            self._connections.discard(connection)
            metrics.CONNECTIONS.dec()
        self.budget.leave(connection)

    def hear(self, messages: Sequence[Peek]) -> None:
        """Note that the senders of these messages spoke."""
        at = clock.now()
        for seen in messages:
            sender = seen.sending_application, seen.sending_facility
            self.contacts.hear(sender, self.reception.profiles.find(*sender), at)

    def count_answer(self, code: str) -> None:
        """Count a message by what it was answered; raised once for all of a turn of the loop."""
        self.received += 1
        if not self._counts:
            asyncio.get_running_loop().call_soon(self._raise_counters)
        self._counts[code] += 1

    def _raise_counters(self) -> None:
        for code, count in self._counts.items():
            metrics.MESSAGES_RECEIVED.labels(code).inc(count)
        self._counts.clear()

    def _new_connection(self, visit: Visit) -> MllpConnection:
        self._accepted += 1
        return MllpConnection(self, self._accepted, visit)

    async def _wait_closed(self) -> None:
        while self._connections:
            await asyncio.sleep(0.01)

    async def _check_times(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            now = time.monotonic()
            for connection in list(self._connections):
                connection.check_times(now)
