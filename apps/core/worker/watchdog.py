"""The watchdog: keeps the clusters alive and makes sure that nothing waits unseen.

Three things wake a cluster. A notice, within milliseconds: the holder of the slice hears it
itself, and where there is none the watchdog nudges. A due time: the watchdog knows the nearest and
is there on time. And the look of each second at what waits, which needs no notice and finds what
a lost one, a crash or a stall left behind.

One thread, one loop. Every statement is cut off after seconds, so a database that hangs does not
keep the watchdog from its children; one that is away is simply asked again.
"""

from __future__ import annotations

import contextlib
import logging
import math
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import psycopg
from django import db
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.core import clock, due, heartbeat
from apps.core.queue import locks, probes
from apps.core.queue.clusters import ClusterSpec
from apps.core.queue.line import Line
from apps.core.queue.nudge import nudge
from apps.core.worker.child import STUCK_GRACE_SECONDS, ClusterProcess
from apps.core.worker.patience import Patience, Seen, Verdict
from apps.core.worker.stop_signal import StopSignal

log = logging.getLogger(__name__)

ROLE = "worker"
LOOK_SECONDS = 1.0
BEAT_SECONDS = 2.0
SWEEP_SECONDS = 30.0
_OWN = "watchdog"
# While notices pour in they are looked at this often: their slice is at work and hears them.
_NAP_SECONDS = 0.05
_AWAY_SECONDS = 0.5
_FAILED_SECONDS = 5.0


@dataclass(slots=True)
class Guarded:
    """A cluster, its process and what is thought of it."""

    spec: ClusterSpec
    process: ClusterProcess
    patience: Patience = field(default_factory=Patience)


@dataclass(slots=True)
class _Timer:
    """Something done again and again; ``every`` infinite means only when ``at`` is set."""

    run: Callable[[], None]
    every: float
    at: float = 0.0


class Watchdog:
    """Minds clusters until the stop signal is set, then ends them."""

    def __init__(
        self,
        guarded: Sequence[Guarded],
        stop_signal: StopSignal,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what is to be minded.

        Args:
            guarded: the clusters; their processes are started by ``run``.
            stop_signal: ends ``run``.
            monotonic: seconds that only grow.
        """
        self._guarded = tuple(guarded)
        self._stop_signal = stop_signal
        self._monotonic = monotonic
        self._line = Line("watchdog", [each.spec.channel for each in self._guarded])
        self._is_connected = False
        self._deaf_until = 0.0
        self._due_at: datetime | None = None
        self._due = _Timer(self._wake_for_due, math.inf, at=math.inf)
        self._timers = [
            *(_Timer(partial(self._look_at, each), LOOK_SECONDS) for each in self._guarded),
            _Timer(self._look_at_clock, LOOK_SECONDS),
            _Timer(self._beat, BEAT_SECONDS),
            _Timer(self._sweep, SWEEP_SECONDS),
            self._due,
        ]

    def run(self) -> None:
        """Mind the clusters; returns when asked to stop and all have ended."""
        while not self._stop_signal.is_set():
            for each in self._guarded:
                if each.process.tend():
                    each.patience.forgive(self._monotonic())
            self._wait(self._mind_database())
        self._end()

    def _mind_database(self) -> float:
        """Do what is due in the database; return how many seconds may pass until the next."""
        try:
            if not (self._is_connected and self._line.is_open):
                self._arrive()
            self._heed_notices()
            self._run_timers()
            return self._seconds_to_next()
        except (psycopg.Error, db.Error) as error:
            return self._leave(error)

    def _arrive(self) -> None:
        """Begin, or begin again: notices may have been missed, so everything is nudged for."""
        for each in self._guarded:
            self._wake(each.spec)
            each.patience.forgive(self._monotonic())  # nobody got on while it was away
        self._due_at = None
        self._is_connected = True
        log.info("watchdog is connected")

    def _leave(self, error: Exception) -> float:
        """Let go of the connections, and say so once."""
        if self._is_connected:
            log.warning("watchdog lost the database: %s", type(error).__name__)
        self._is_connected = False
        self._line.close()
        db.connections.close_all()
        return _AWAY_SECONDS

    def _heed_notices(self) -> None:
        """Nudge for whoever was called and does not hear it by itself.

        While notices pour in they are looked at in steps: a slice at work hears them itself, and
        on its way out looks once more at what waits.
        """
        if self._monotonic() < self._deaf_until:
            return
        notices = self._line.take_notices()
        called = {notice.channel for notice in notices if notice.payload != _OWN}
        for each in self._guarded:
            if each.spec.channel in called:
                self._deaf_until = self._monotonic() + _NAP_SECONDS
                if not locks.is_held(self._line, each.spec.name):
                    nudge(each.spec.name, each.spec.slice_task, line=self._line)

    def _wake(self, spec: ClusterSpec) -> None:
        """Have a slice look: the one that lingers, or else a new one."""
        self._line.rows("SELECT pg_notify(%s, %s)", (spec.channel, _OWN))
        nudge(spec.name, spec.slice_task, line=self._line)

    def _run_timers(self) -> None:
        for timer in self._timers:
            if self._monotonic() >= timer.at:
                timer.at = self._monotonic() + timer.every
                self._run_timer(timer)

    def _run_timer(self, timer: _Timer) -> None:
        """Run it; a probe that fails by its own fault is logged and asked again later."""
        try:
            timer.run()
        except (psycopg.OperationalError, db.OperationalError, db.InterfaceError):
            raise
        except Exception:
            log.exception("watchdog failed to look")
            db.connections.close_all()
            timer.at = self._monotonic() + _FAILED_SECONDS

    def _seconds_to_next(self) -> float:
        at = min(timer.at for timer in self._timers)
        if self._deaf_until > self._monotonic():
            at = min(at, self._deaf_until)
        return max(0.0, at - self._monotonic())

    def _beat(self) -> None:
        heartbeat.beat(self._line, ROLE)

    def _sweep(self) -> None:
        heartbeat.sweep(self._line)

    def _look_at(self, each: Guarded) -> None:
        if each.spec.is_slow and locks.is_held(self._line, each.spec.name):
            each.patience.forgive(self._monotonic())
            return
        since = _waiting_since(each.spec)
        seen = Seen(since, heartbeat.done_by_process(self._line, each.spec.name) if since else {})
        waited = (clock.now() - since).total_seconds() if since else 0.0
        verdict = each.patience.judge(seen, self._monotonic(), waited)
        if verdict is Verdict.RESTART:
            log.error("cluster %s does not get on with what waits: started anew", each.spec.name)
            each.process.end(STUCK_GRACE_SECONDS)
        if verdict is not Verdict.FINE:
            self._wake(each.spec)

    def _look_at_clock(self) -> None:
        """Be there when the nearest is due; once for each time, later looks do the rest."""
        nearest = due.nearest_due()
        if nearest is None or nearest == self._due_at:
            return
        left = clock.seconds_until(nearest)
        if left < LOOK_SECONDS:
            self._due_at = nearest
            self._due.at = self._monotonic() + max(0.0, left)

    def _wake_for_due(self) -> None:
        for each in self._guarded:
            if each.spec.runs_due:
                self._wake(each.spec)

    def _wait(self, seconds: float) -> None:
        """Wait for a stop, the end of a child, a notice, or the next timer."""
        handles = [self._stop_signal.fileno(), *self._children()]
        if self._line.is_open and self._monotonic() >= self._deaf_until:
            handles.append(self._line.fileno())
        _poll(handles, min([seconds, *self._child_seconds()]))

    def _end(self) -> None:
        """End all clusters side by side, by force where the grace is over."""
        for each in self._guarded:
            each.process.end()
        while not all([each.process.has_ended() for each in self._guarded]):  # noqa: C419 -- every one is tended
            _poll(self._children(), min([LOOK_SECONDS, *self._child_seconds()]))
        with contextlib.suppress(psycopg.Error):
            heartbeat.end(self._line, ROLE)
        self._line.close()

    def _children(self) -> list[int]:
        return [each.process.fileno() for each in self._guarded if each.process.fileno() >= 0]

    def _child_seconds(self) -> list[float]:
        waits = (each.process.wait_seconds() for each in self._guarded)
        return [seconds for seconds in waits if seconds is not None]


def limit_statements(connection: BaseDatabaseWrapper, **_signal: object) -> None:
    """Have the server cut off a probe that takes seconds, on each new connection of Django's."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '5s'")


def _waiting_since(spec: ClusterSpec) -> datetime | None:
    found = [probes.waiting_since(spec.name), due.overdue_since() if spec.runs_due else None]
    return min((since for since in found if since is not None), default=None)


def _poll(handles: Sequence[int], seconds: float) -> None:
    poll = select.poll()
    for handle in handles:
        poll.register(handle, select.POLLIN)
    poll.poll(max(1.0, seconds * 1000))  # a millisecond at least: never a spin
