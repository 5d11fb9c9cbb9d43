"""The task of the decide cluster."""

from __future__ import annotations

from datetime import datetime

from apps.assignment.lock import take_assignment_lock
from apps.assignment.services import retry
from apps.assignment.snapshot.versions import VERSIONS_QUERY
from apps.core import bulk, clock, due
from apps.core.queue.slices import run_slice
from apps.core.triggers import DECIDE_CHANNEL
from apps.intake.processing import parked, queue
from apps.intake.processing.batch import process_waiting

_DUE_LIMIT = 50


def decide_slice() -> int:
    """Work off what waits to be decided and linger for more; return how much was done."""
    return run_slice(
        name="decide", channel=DECIDE_CHANNEL, work=decide_once, has_work=queue.has_waiting
    )


def decide_once() -> int:
    """Do a bounded piece of everything that waits: messages, due times, retries, mappings."""
    versions, nearest = _look()
    done = retry.retry_if_helped(versions)
    # Messages before mappings: a chunk that fails is tried again, and must not be in their way.
    done += process_waiting() + parked.rerun_if_mapped(versions)
    # Read after the messages took effect: what is due happens no earlier than they did.
    now = clock.now()
    if nearest is not None and nearest <= now:
        done += due.run_due(now, _DUE_LIMIT, before=take_assignment_lock)
    return done


def _look() -> tuple[dict[str, int], datetime | None]:
    """Return the versions of all areas and the nearest due time, in one round trip."""
    versions, nearest = bulk.select_all([VERSIONS_QUERY, (due.NEAREST, [])])
    return dict(versions), nearest[0][0]
