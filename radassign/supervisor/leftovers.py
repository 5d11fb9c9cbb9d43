"""Finds and ends processes that an earlier supervisor of the same data folder left behind.

Every process we start carries the folder's mark in its environment, and so do its children. A
supervisor that holds the folder's lock is the only one, so whoever carries the mark is a
leftover; no recorded process id can hit a stranger.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

VARIABLE = "RADASSIGN_STACK"
_GRACE_SECONDS = 5.0


def mark(data_dir: Path) -> str:
    """Return what the processes of a data folder carry in ``RADASSIGN_STACK``."""
    return str(data_dir.resolve())


def marked_processes(data_dir: Path) -> list[int]:
    """Return the processes that carry the folder's mark, ours excepted."""
    wanted = f"{VARIABLE}={mark(data_dir)}".encode()
    own = {os.getpid(), os.getppid()}
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal()
        and int(entry.name) not in own
        and wanted in _environment(entry).split(b"\0")
    ]


def end_leftovers(data_dir: Path) -> int:
    """End what carries the mark, politely first; return how many there were."""
    found = marked_processes(data_dir)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in marked_processes(data_dir):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + _GRACE_SECONDS
        while marked_processes(data_dir) and time.monotonic() < deadline:
            time.sleep(0.05)
    return len(found)


def _environment(entry: Path) -> bytes:
    try:
        return (entry / "environ").read_bytes()
    except OSError:  # another user's process, or one that just ended
        return b""
