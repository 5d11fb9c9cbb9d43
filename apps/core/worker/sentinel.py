"""A cluster's own guard: django-q2's pusher, workers and monitor, under a stricter watch.

django-q2's workers share one pipe whose reading end is guarded by a semaphore: the idle worker
holds it while it waits. Killed there, it takes the semaphore with it and the others wait for ever
(django-q2 issues 23 and 339). So after an unclean death nothing shared is trusted: all children
are ended and started anew on fresh pipes, which takes milliseconds, and what they had claimed is
given back. Nudges may run twice; the rows in the tables are the truth.

Every child ends when this process ends, however it ends; this process ends with its parent.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import select
import signal
import time
import uuid
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from queue import Full
from typing import Any

from django import db
from django_q.cluster import Sentinel, get_mp_context
from django_q.conf import Conf
from django_q.queues import Queue
from django_q.worker import worker

from apps.core.queue import slices
from apps.core.queue.broker import PostgresBroker
from apps.core.worker.stop_signal import StopSignal
from radassign.linux import die_with_parent

log = logging.getLogger(__name__)

CYCLE_SECONDS = 0.5
STOP_SECONDS = 10.0
_LEAVE_SECONDS = 5.0
_PILL_SECONDS = 2.0
_QUIET_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 2.0


class GuardedSentinel(Sentinel):  # type: ignore[misc] # django-q2 ships no types
    """Runs one cluster in this process's children until ``stop_signal`` is set."""

    def __init__(self, cluster: str, stop_signal: StopSignal) -> None:
        """Prepare the pipes; ``run`` starts the children."""
        self.stop_signal = stop_signal
        self._leaving_since: dict[int, float] = {}
        self._rebuilds = 0
        self._rebuilt_at = 0.0
        super().__init__(
            stop_signal,
            multiprocessing.Event(),
            uuid.uuid4(),
            broker=PostgresBroker(cluster),
            start=False,
        )

    def run(self) -> None:
        """Start the children, guard them, and stop them when asked."""
        self.broker.release_claims()  # of an earlier run that was killed
        self.broker.close()
        self.spawn_cluster()
        self.guard()

    def spawn_cluster(self) -> None:
        """Start workers, monitor and pusher."""
        db.connections.close_all()  # a connection must not be shared over a fork
        self.pool: list[Any] = []
        for _ in range(self.pool_size):
            self.spawn_worker()
        self.monitor = self.spawn_monitor()
        self.pusher = self.spawn_pusher()

    def spawn_process(self, target: Callable[..., None], *args: Any) -> BaseProcess:
        """Start a child that dies with us; workers heed SIGTERM between two steps of a slice."""
        child = get_mp_context().Process(target=_child, args=(os.getpid(), target, args))
        child.daemon = True
        if target is worker:
            child.timer = args[2]
            self.pool.append(child)
        child.start()
        return child  # type: ignore[no-any-return] # from an untyped library

    def guard(self) -> None:
        """Look after the children until told to stop."""
        self.start_event.set()
        looked_at = time.monotonic()
        while not self.stop_signal.is_set():
            self._wait()
            now = time.monotonic()
            if not self.stop_signal.is_set() and not self._all_is_well(now - looked_at):
                self._rebuild()
            looked_at = now
        self.stop()

    def stop(self) -> None:
        """End the children in order: no new tasks, the running ones, then their results."""
        deadline = time.monotonic() + STOP_SECONDS
        self.event_out.set()
        for child in self.pool:
            child.terminate()  # heard between two steps, see _child
        _join([self.pusher], deadline)
        _tell_to_stop(self.task_queue, len(self.pool))
        _join(self.pool, deadline)
        _tell_to_stop(self.result_queue, 1)
        _join([self.monitor], deadline)
        self._kill_children()
        self.broker.close()

    def _wait(self) -> None:
        """Wait for the end of a child or for the stop signal, half a second at most."""
        ends = [child.sentinel for child in self._children()]
        wait([self.stop_signal.fileno(), *ends], CYCLE_SECONDS)

    def _children(self) -> list[BaseProcess]:
        return [*self.pool, self.monitor, self.pusher]

    def _all_is_well(self, elapsed: float) -> bool:
        """Replace workers that were recycled; False when the whole must be made anew."""
        if not (self.monitor.is_alive() and self.pusher.is_alive()):
            return False
        return all(self._is_well(child, elapsed) for child in tuple(self.pool))

    def _is_well(self, child: BaseProcess, elapsed: float) -> bool:
        if child.is_alive():
            return not self._is_overdue(child, elapsed)
        self._leaving_since.pop(child.pid or 0, None)
        if child.exitcode != 0:
            return False
        self.pool.remove(child)
        self.spawn_worker()
        return True

    def _is_overdue(self, child: Any, elapsed: float) -> bool:  # noqa: ANN401 -- carries a timer
        """Count a busy worker's time down; True when it is up and the worker still there.

        A worker writes 0 itself when its own alarm ended the task, and then leaves.
        """
        lock = child.timer.get_lock()
        if not lock.acquire(timeout=CYCLE_SECONDS):
            return False  # it hands over a result right now
        try:
            if child.timer.value > 0:
                child.timer.value = max(0.0, child.timer.value - elapsed)
            if child.timer.value != 0:
                self._leaving_since.pop(child.pid, None)
                return False
        finally:
            lock.release()
        since = self._leaving_since.setdefault(child.pid, time.monotonic())
        return time.monotonic() - since > _LEAVE_SECONDS

    def _rebuild(self) -> None:
        """End all children and start anew on fresh pipes; slower when it happens often."""
        log.error("a process of cluster %s died: its processes start anew", self.broker.list_key)
        self._kill_children()
        self._pause()
        self._leaving_since.clear()
        self.task_queue = Queue(maxsize=Conf.QUEUE_LIMIT)
        self.result_queue = Queue()
        self.event_out = multiprocessing.Event()
        self.broker.release_claims()
        self.broker.close()
        self.spawn_cluster()

    def _pause(self) -> None:
        now = time.monotonic()
        self._rebuilds = self._rebuilds + 1 if now - self._rebuilt_at < _QUIET_SECONDS else 0
        self._rebuilt_at = now
        if self._rebuilds:
            seconds = min(0.1 * 2 ** min(self._rebuilds, 10), _LONGEST_PAUSE_SECONDS)
            select.select([self.stop_signal], [], [], seconds)

    def _kill_children(self) -> None:
        children = self._children()
        for child in children:
            child.kill()
        _join(children, time.monotonic() + STOP_SECONDS)


def _child(parent: int, target: Callable[..., None], args: tuple[Any, ...]) -> None:
    """Be a child: die with the parent, leave stopping to it, then do what django-q2 does."""
    die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:  # it died between the fork and the line above
        os._exit(1)
    handler = _on_terminate if target is worker else signal.SIG_IGN
    signal.signal(signal.SIGTERM, handler)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    target(*args)


def _on_terminate(_number: int, _frame: object) -> None:
    slices.stop_soon()


def _tell_to_stop(queue: Any, times: int) -> None:  # noqa: ANN401 -- django-q2's own
    """Put the pills in, without waiting for ever on a pipe that nobody empties."""
    with contextlib.suppress(Full):
        for _ in range(times):
            queue.put("STOP", timeout=_PILL_SECONDS)
    queue.close()
    queue.cancel_join_thread()


def _join(children: list[BaseProcess], deadline: float) -> None:
    for child in children:
        child.join(max(0.0, deadline - time.monotonic()))
