"""The multiplexer's thread, and the slices that keep it going.

Theory. A task of the queue lasts seconds, an answer may take a minute and a connection should
last for days. So the multiplexer runs in a thread of the task process, and a task is only a
*slice*: it starts the thread where there is none, extends its lease, and waits while there is
something to do. Between slices the thread goes on: nothing on its way is cut off, and a notice is
answered without the queue. When no slice came for a minute the thread ends by itself; when the
process is killed, sockets and advisory locks go with it, and another one carries on.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable

import uvloop

from apps.core import clock
from apps.core.queue.slices import is_stopping
from apps.outbound.delivery.multiplexer import Multiplexer

log = logging.getLogger(__name__)

LEASE_SECONDS = 60.0
_LOOK_SECONDS = 0.1
_BEAT_SECONDS = 2.0


class Deliverer:
    """One thread with one multiplexer; made anew after it ended."""

    def __init__(self) -> None:
        self._lease_ends_at = 0.0
        self._multiplexer: Multiplexer | None = None
        self._thread = threading.Thread(target=self._run, name="deliverer", daemon=True)
        self.pid = os.getpid()

    @property
    def is_alive(self) -> bool:
        """Return whether the thread runs, in this very process (a fork has none)."""
        return self.pid == os.getpid() and self._thread.is_alive()

    @property
    def delivered(self) -> int:
        """Return how many messages it has delivered."""
        return self._multiplexer.delivered if self._multiplexer else 0

    def start(self) -> None:
        """Start the thread."""
        self.extend_lease()
        self._thread.start()

    def extend_lease(self) -> None:
        """Let it run for another minute."""
        self._lease_ends_at = time.monotonic() + LEASE_SECONDS

    def stop(self, timeout_seconds: float = 5.0) -> None:
        """End the thread and wait for it; what is on its way is sent again by the next one."""
        self._lease_ends_at = 0.0
        if self.is_alive:
            self._thread.join(timeout_seconds)

    def linger(
        self, longest_seconds: float, idle_seconds: float, beat: Callable[[], None]
    ) -> None:
        """Wait while there is something to do, ``longest_seconds`` at most.

        Args:
            longest_seconds: when to return at the latest.
            idle_seconds: return earlier when nothing was on its way for so long.
            beat: called every two seconds, to say that this process lives.
        """
        ends_at = time.monotonic() + longest_seconds
        idle_since = time.monotonic()
        beat_at = 0.0
        while self.is_alive and time.monotonic() < ends_at and not is_stopping():
            now = time.monotonic()
            if now >= beat_at:
                beat()
                beat_at = now + _BEAT_SECONDS
            if self._is_active():
                idle_since = now
            elif now - idle_since >= idle_seconds:
                return
            time.sleep(_LOOK_SECONDS)

    def _is_active(self) -> bool:
        multiplexer = self._multiplexer
        if multiplexer is None or not multiplexer.rounds:
            return True  # it has yet to look
        return multiplexer.is_busy or time.monotonic() - multiplexer.active_at < _LOOK_SECONDS

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._deliver())
        except Exception:
            # The outermost loop of delivery: rows keep their state, the next slice starts anew.
            log.exception("delivery stopped")

    async def _deliver(self) -> None:
        self._multiplexer = Multiplexer(clock.now)
        delivering = asyncio.create_task(self._multiplexer.run())
        while not delivering.done() and time.monotonic() < self._lease_ends_at:
            await asyncio.wait([delivering], timeout=_LOOK_SECONDS)
        if not delivering.done():
            delivering.cancel()
            await asyncio.wait([delivering])
            return
        delivering.result()


_deliverer: Deliverer | None = None
_lock = threading.Lock()


def running_deliverer() -> Deliverer:
    """Return this process's deliverer with its lease extended, started where there is none."""
    global _deliverer  # noqa: PLW0603 -- the one thread of a process
    with _lock:
        if _deliverer is None or not _deliverer.is_alive:
            _deliverer = Deliverer()
            _deliverer.start()
        _deliverer.extend_lease()
        return _deliverer
