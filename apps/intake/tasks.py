"""The task of the decide cluster."""

from __future__ import annotations

from apps.assignment.services import retry
from apps.assignment.snapshot.versions import read_versions
from apps.core import clock, due
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
    versions = read_versions()
    done = retry.retry_if_helped(versions) + parked.rerun_if_mapped(versions)
    done += process_waiting()
    return done + due.run_due(clock.now(), _DUE_LIMIT)
