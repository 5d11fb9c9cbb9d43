"""Slices: what a nudged task does, work off what waits and linger a while for more.

Theory. One process at a time holds a slice, by a session lock. It works until nothing waits, then
listens: a notice wakes it within a millisecond, so in steady flow the queue is not touched at
all. After some seconds it ends, so that django-q2 can time, recycle and stop its workers.

Nothing is lost on the way out. The lock goes first, then the tables are looked at once more: what
came before that look is seen by it, what comes after finds the lock free, and the watchdog nudges
for it. A nudge that finds the lock taken does nothing, for the same reason.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import psycopg
from django import db

from apps.core import heartbeat
from apps.core.failures import describe
from apps.core.queue import locks, probes
from apps.core.queue.line import Line
from apps.core.queue.nudge import nudge

log = logging.getLogger(__name__)

LONGEST_SECONDS = 10.0
IDLE_SECONDS = 2.0
_BEAT_SECONDS = 2.0
_STOP_LOOK_SECONDS = 0.25
_FIRST_BACK_OFF_SECONDS = 0.25
_LONGEST_BACK_OFF_SECONDS = 5.0

Work = Callable[[], int]
Clock = Callable[[], float]


@dataclass(slots=True)
class _Stop:
    """A plain flag: an event has a lock, which a signal handler could find taken."""

    is_asked: bool = False


_stop = _Stop()
_lines: dict[tuple[int, str], Line] = {}
_failures: dict[str, int] = {}
_done: dict[str, int] = {}


def stop_soon() -> None:
    """Ask the running slice of this process to end after the step it is in; signal-safe."""
    _stop.is_asked = True


def is_stopping() -> bool:
    """Return whether this process was asked to end."""
    return _stop.is_asked


@contextlib.contextmanager
def held_slice(name: str, channel: str, *, shared: bool = False) -> Iterator[Line | None]:
    """Hold the slice of a name and listen on its channel; None where another holds it.

    The line is kept between slices of a process, because opening one costs milliseconds. Use it
    to wait (``wait``, or ``fileno`` in an event loop), never to work.

    Args:
        name: the slice; the watchdog sees that it is held and leaves the waking to the channel.
        channel: what NOTIFY is sent to when there is work.
        shared: several may hold it at once, each sharing the work by locks of its own.
    """
    line = _lines.setdefault((os.getpid(), name), Line(f"slice-{name}"))
    _make_sure_it_lives(line)
    if not locks.try_lock(line, name, shared=shared):
        yield None
        return
    try:
        line.listen(channel)
        yield line
    finally:
        _let_go(line)


def run_slice(
    *,
    name: str,
    channel: str,
    work: Work,
    has_work: Callable[[], bool] | None = None,
    longest_seconds: float = LONGEST_SECONDS,
    idle_seconds: float = IDLE_SECONDS,
    clock: Clock = time.monotonic,
) -> int:
    """Work off what waits, one process at a time, and linger for more.

    Args:
        name: the slice and the cluster that runs it.
        channel: what NOTIFY is sent to when there is work.
        work: does a bounded piece, in transactions of its own, and returns how much it did; 0
            means that nothing waits.
        has_work: whether something waits, asked once after the lock was let go; without it the
            cluster's probes are asked.
        longest_seconds: when to end and leave the rest to the next slice.
        idle_seconds: how long to linger without a notice.
        clock: seconds that only grow.

    Returns:
        How much was done; 0 also where another process holds the slice.

    What ``work`` raises is logged; the slice then waits a little, longer each time, and ends.
    """
    if is_stopping():
        return 0  # prefetched nudges: whoever starts next sweeps
    loop = _Loop(name, work, clock() + longest_seconds, idle_seconds, clock)
    try:
        with held_slice(name, channel) as line:
            if line is None:
                return 0
            loop.run(line)
        if loop.is_unfinished or (has_work or partial(_probes_find, name))():
            nudge(name)
    except (psycopg.Error, db.Error):
        # The database went: the watchdog nudges when it is back.
        log.exception("slice %s lost the database", name)
        db.connections.close_all()
    return loop.done


@dataclass(slots=True)
class _Loop:
    """One slice in the making; ``is_unfinished`` when it ended before the work did."""

    name: str
    work: Work
    ends_at: float
    idle_seconds: float
    clock: Clock
    done: int = 0
    is_unfinished: bool = False
    beaten_at: float = 0.0

    def run(self, line: Line) -> None:
        """Work and wait until the time is up, nothing comes, or something fails."""
        try:
            while self._goes_on(line):
                pass
            _failures.pop(self.name, None)
        except Exception as error:  # noqa: BLE001 -- the outermost loop of the worker
            # A slice that raised would be stored as a failed task, with values of rows in its
            # traceback.
            log.error("slice %s failed: %s", self.name, describe(error))  # noqa: TRY400 -- no values
            self._back_off()
        self._beat(line)

    def _goes_on(self, line: Line) -> bool:
        line.take_notices()  # before the look: what comes during it wakes the next one
        done = self.work()
        self.done += done
        _done[self.name] = _done.get(self.name, 0) + done
        if self.clock() - self.beaten_at >= _BEAT_SECONDS:
            self._beat(line)
        if is_stopping() or self.clock() >= self.ends_at:
            self.is_unfinished = True
            return False
        return done > 0 or self._wait(line)

    def _wait(self, line: Line) -> bool:
        """Wait for a notice in short steps; False when it is time to end without one."""
        until = min(self.clock() + self.idle_seconds, self.ends_at)
        while (left := until - self.clock()) > 0 and not is_stopping():
            if line.wait(min(left, _STOP_LOOK_SECONDS)):
                return True
        return False

    def _back_off(self) -> None:
        """Wait with the lock in hand, so that no other worker fails in our place meanwhile."""
        failures = _failures[self.name] = _failures.get(self.name, 0) + 1
        db.connections.close_all()
        seconds = _FIRST_BACK_OFF_SECONDS * 2 ** min(failures - 1, 10)
        _rest(min(seconds, _LONGEST_BACK_OFF_SECONDS))
        self.is_unfinished = True

    def _beat(self, line: Line) -> None:
        self.beaten_at = self.clock()
        with contextlib.suppress(psycopg.Error):
            heartbeat.beat(line, self.name, done=_done.get(self.name, 0))


def _rest(seconds: float) -> None:
    """Sleep in short steps, so that a stop need not wait."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not is_stopping():
        time.sleep(min(left, _STOP_LOOK_SECONDS))


def _probes_find(name: str) -> bool:
    return probes.waiting_since(name) is not None


def _make_sure_it_lives(line: Line) -> None:
    """Open the line anew where it died since the last slice."""
    try:
        line.take_notices()
    except psycopg.Error:
        line.close()


def _let_go(line: Line) -> None:
    """Free the lock; where that fails, ending the connection does."""
    try:
        line.rows("UNLISTEN *")
        locks.unlock_all(line)
    except psycopg.Error:
        line.close()
