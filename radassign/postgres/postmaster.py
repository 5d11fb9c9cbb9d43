"""Tells a live postmaster from what a killed one left behind.

PostgreSQL writes its process id into ``postmaster.pid`` and into the socket's lock file. After
a ``kill -9`` the files stay; later the number may belong to any other process, and PostgreSQL
then refuses to start. So a number counts only if that process works in this very cluster.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from radassign.postgres.record import SOCKET_PORT

_READY_LINE = 7


def live_postmaster(cluster_dir: Path) -> int | None:
    """Return the process id of the server that works in the cluster, None where none does."""
    lines = _pid_file_lines(cluster_dir)
    if not lines or not lines[0].strip().isdecimal():
        return None
    pid = int(lines[0])
    return pid if _works_in(pid, cluster_dir) else None


def is_ready(cluster_dir: Path) -> bool:
    """Return whether the server says in its pid file that it takes connections."""
    lines = _pid_file_lines(cluster_dir)
    return len(lines) > _READY_LINE and lines[_READY_LINE].strip() == "ready"


def clear_leftovers(cluster_dir: Path, socket_dir: Path) -> None:
    """Remove lock files that name a process which is not this cluster's server.

    Only called while no postmaster lives; orphaned backends are another matter, they still
    hold the shared memory and PostgreSQL itself refuses to start until they are gone.
    """
    for path in (cluster_dir / "postmaster.pid", socket_dir / f".s.PGSQL.{SOCKET_PORT}.lock"):
        with suppress(OSError, ValueError):
            first = path.read_text(encoding="ascii").split("\n", 1)[0]
            # A negative number is a single-user server's.
            if _is_alive(abs(int(first))):
                path.unlink()


def orphaned_backends(cluster_dir: Path) -> list[int]:
    """Return the server processes that outlived their postmaster."""
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and _works_in(int(entry.name), cluster_dir)
    ]


def terminate(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to processes of ours that may be gone already."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Poll a condition ten to fifty times a second; return whether it came true in time."""
    deadline, pause = time.monotonic() + seconds, 0.02
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return True


def _pid_file_lines(cluster_dir: Path) -> list[str]:
    try:
        text = (cluster_dir / "postmaster.pid").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return text.split("\n")


def _works_in(pid: int, cluster_dir: Path) -> bool:
    """Return whether the process is a PostgreSQL whose working directory is the cluster."""
    try:
        working_dir = Path(f"/proc/{pid}/cwd").readlink()
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return False
    return name == "postgres" and working_dir == cluster_dir.resolve()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
