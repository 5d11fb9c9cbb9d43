"""The task of the decide cluster."""

from __future__ import annotations

from apps.assignment.lock import take_assignment_lock
from apps.assignment.services import retry
from apps.core import clock, due
from apps.core.queue.slices import run_slice
from apps.core.triggers import DECIDE_CHANNEL
from apps.intake.processing import parked, queue
from apps.intake.processing.batch import process_waiting
from apps.intake.processing.looking import look

_DUE_LIMIT = 50


def decide_slice() -> int:
    """Work off what waits to be decided and linger for more; return how much was done."""
    return run_slice(
        name="decide", channel=DECIDE_CHANNEL, work=decide_once, has_work=queue.has_waiting
    )


def decide_once() -> int:
    """Do a bounded piece of everything that waits: messages, due times, retries, mappings."""
    seen = look()
    tried = retry.retry_if_helped(seen.versions)
    # Messages before mappings: a chunk that fails is tried again, and must not be in their way.
    # A retry takes its time: what came meanwhile, an urgent order perhaps, is looked at too.
    done = tried + process_waiting(None if tried else seen)
    done += parked.rerun_if_mapped(seen.versions)
    # Read after the messages took effect: what is due happens no earlier than they did.
    now = clock.now()
    if seen.nearest_due is not None and seen.nearest_due <= now:
        done += due.run_due(now, _DUE_LIMIT, before=take_assignment_lock)
    return done
