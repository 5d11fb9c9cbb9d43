"""A department in a database of its own, a listener and a decider: what the fuzz runs against."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.wire.stack import Stack

_SETTLE_SECONDS = 600.0


@contextmanager
def department() -> Iterator[Stack]:
    """Run a database with the demo's department: shifts around the clock, readers, sites."""
    data_dir = Path(tempfile.mkdtemp(prefix="radassign-hostile-"))
    data_dir.chmod(0o711)  # the server, demoted where we are root, passes through
    made = Stack(data_dir)
    try:
        made.start()
        made.manage("loaddata", "demo", "-v", "0")
        yield made
    finally:
        made.destroy()
        shutil.rmtree(data_dir, ignore_errors=True)


def wait_until_decided(stack: Stack, seconds: float = _SETTLE_SECONDS) -> float:
    """Wait until nothing waits any more; return how long that took.

    Raises:
        TimeoutError: something still waits.
    """
    begun = time.monotonic()
    while waiting := stack.rows(
        "SELECT count(*) FROM intake_inboundmessage WHERE state = 'waiting'"
    )[0][0]:
        if time.monotonic() - begun > seconds:
            raise TimeoutError(f"{waiting} messages still wait")
        time.sleep(0.2)
    return time.monotonic() - begun


def by_state(stack: Stack) -> dict[str, int]:
    """Return how many messages are in each state."""
    return dict(stack.rows("SELECT state, count(*) FROM intake_inboundmessage GROUP BY state"))


def failed(stack: Stack) -> list[tuple[int, int, str]]:
    """Return the messages whose processing raised something: id, tries and what it was."""
    return stack.rows(
        "SELECT id, attempts, error FROM intake_inboundmessage WHERE attempts > 0 ORDER BY id"
    )


def digests(stack: Stack) -> set[str]:
    """Return the MD5 of every stored message."""
    return {row[0] for row in stack.rows("SELECT DISTINCT md5(raw) FROM intake_inboundmessage")}
