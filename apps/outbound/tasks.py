"""What the deliver cluster runs."""

from __future__ import annotations

import logging
import time

import psycopg
from django import db

from apps.core import clock, heartbeat
from apps.core.queue.line import Line
from apps.core.queue.nudge import nudge
from apps.core.queue.slices import IDLE_SECONDS, LONGEST_SECONDS, held_slice
from apps.core.triggers import DELIVER_CHANNEL
from apps.outbound.delivery.deliverer import running_deliverer
from apps.outbound.queries import waiting

log = logging.getLogger(__name__)

CLUSTER = "deliver"
_CRASH_WAIT_SECONDS = 1.0


def deliver_slice() -> int:
    """Keep delivering for some seconds; return how many messages this process has delivered.

    Several processes may do so at once: the destinations are shared out by their locks.
    """
    try:
        with held_slice(CLUSTER, DELIVER_CHANNEL, shared=True) as line:
            delivered = _deliver(line) if line is not None else 0
        if waiting.oldest_waiting(clock.now()) is not None:
            nudge(CLUSTER)
    except (psycopg.Error, db.Error):
        # The database went: the watchdog nudges when it is back.
        log.exception("the deliver slice lost the database")
        db.connections.close_all()
        return 0
    return delivered


def _deliver(line: Line) -> int:
    deliverer = running_deliverer()

    def beat() -> None:
        heartbeat.beat(line, CLUSTER, done=deliverer.delivered)

    deliverer.linger(LONGEST_SECONDS, IDLE_SECONDS, beat)
    if not deliverer.is_alive:
        # It logged why; without a pause a lasting cause would have us start it in a circle.
        time.sleep(_CRASH_WAIT_SECONDS)
    beat()
    return deliverer.delivered
