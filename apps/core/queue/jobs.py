"""Slow work: what takes seconds to minutes, and must hold up neither a decision nor a page.

It has a cluster of its own, "plan", in which one job runs at a time over all machines. A job is a
row of the app that owns it; registered are how to do the next one and since when one waits. So
nothing is lost with a process: the row says what is still to be done, and a job found under way
while the slice was free belongs to a process that died.

Work that lasts looks at ``slices.is_stopping`` every second or so, and ends within ten.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection

from apps.core.failures import describe
from apps.core.queue.probes import Probe, register_probe
from apps.core.queue.slices import run_slice
from apps.core.triggers import PLAN_CHANNEL

log = logging.getLogger(__name__)

CLUSTER = "plan"
_FIRST_REST_SECONDS = 5.0
_LONGEST_REST_SECONDS = 300.0

Work = Callable[[], int]


@dataclass(slots=True)
class _Kind:
    """A kind of slow work; it rests for a while after it failed, so that others get on."""

    name: str
    work: Work
    waiting_since: Probe
    failures: int = 0
    rests_until: float = 0.0


_kinds: dict[str, _Kind] = {}


def register(name: str, work: Work, waiting_since: Probe) -> None:
    """Have a kind of work done by the slow cluster; called from ``AppConfig.ready``.

    Args:
        name: of the kind; a later registration of the name stands.
        work: does one job, in transactions of its own, and returns how much it did; 0 means
            that nothing waits. What it raises is logged, and the kind rests for a while.
        waiting_since: as for ``probes.register_probe``: an index look-up, asked each second.
    """
    _kinds[name] = _Kind(name, work, waiting_since)
    register_probe(CLUSTER, waiting_since)


def wake() -> None:
    """Have the cluster look now; within a transaction, when it commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [PLAN_CHANNEL])


def slow_slice() -> int:
    """Do slow work until none waits; return how much was done."""
    return run_slice(name=CLUSTER, channel=PLAN_CHANNEL, work=work_once, has_work=_has_work)


def work_once() -> int:
    """Do one job of the first kind that has one; that kind then goes to the end of the row.

    Raises:
        OperationalError: the database is away.
    """
    for kind in _awake():
        if done := _try(kind):
            _kinds[kind.name] = _kinds.pop(kind.name)
            return done
    return 0


def _has_work() -> bool:
    return any(kind.waiting_since() is not None for kind in _awake())


def _awake() -> list[_Kind]:
    return [kind for kind in _kinds.values() if time.monotonic() >= kind.rests_until]


def _try(kind: _Kind) -> int:
    try:
        done = kind.work()
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 -- the outermost loop: other kinds go on
        log.error("slow work %s failed: %s", kind.name, describe(error))  # noqa: TRY400 -- no values
        rest = _FIRST_REST_SECONDS * 2 ** min(kind.failures, 10)
        kind.failures += 1
        kind.rests_until = time.monotonic() + min(rest, _LONGEST_REST_SECONDS)
        return 0
    kind.failures = 0
    return done
