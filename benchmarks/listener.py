"""The MLLP listener alone: durable answers a second, against the same listener storing nothing.

A real server process, a real PostgreSQL with all its safety on, and the senders in a process of
their own: 100 connections, each sending its next message when the last one is answered. Durable
and null runs take turns, and the medians are compared, so that the machine's mood cancels out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from radassign.postgres import EmbeddedPostgres

ROUNDS = 3
SECONDS = 5.0
CONNECTIONS = 100
MANY_CONNECTIONS = 1000
_MIB = 1024 * 1024

Figures = dict[str, float]


def run() -> dict[str, float | int]:
    """Return durable and null answers a second, their ratio, latencies and memory."""
    with _stack() as env:
        durable, null = [], []
        for _ in range(ROUNDS):
            with _server(env, "manage.py", "hl7_listener", "--port", "0") as (port, _pid):
                durable.append(_load(port, CONNECTIONS, SECONDS))
            with _server(env, "-m", "benchmarks.listener_null") as (port, _pid):
                null.append(_load(port, CONNECTIONS, SECONDS))
        with _server(env, "manage.py", "hl7_listener", "--port", "0") as (port, pid):
            many = _load(port, MANY_CONNECTIONS, SECONDS)
            memory = _resident_bytes(pid)
    rate = _median(durable, "per_second")
    null_rate = _median(null, "per_second")
    return {
        "durable answers/s, 100 connections": rate,
        "null store answers/s": null_rate,
        "durable / null": rate / null_rate,
        "p50 ms": _median(durable, "p50_ms"),
        "p99 ms": _median(durable, "p99_ms"),
        "1,000 connections: answers/s": many["per_second"],
        "1,000 connections: p99 ms": many["p99_ms"],
        "1,000 connections: served": int(many["served"]),
        "1,000 connections: listener MiB": memory / _MIB,
    }


@contextmanager
def _stack() -> Iterator[dict[str, str]]:
    """Give a migrated database of its own, durable as in production."""
    data_dir = Path(tempfile.mkdtemp(prefix="radassign-bench-"))
    data_dir.chmod(0o711)
    env = {**os.environ, "RADASSIGN_DATA_DIR": str(data_dir), "LOG_LEVEL": "WARNING"}
    env.pop("DATABASE_URL", None)
    server = EmbeddedPostgres(data_dir)
    try:
        server.start(die_with_parent=True)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v", "0", "--skip-checks"],
            env=env,
            check=True,
        )
        yield env
    finally:
        server.destroy()
        shutil.rmtree(data_dir, ignore_errors=True)


@contextmanager
def _server(env: dict[str, str], *arguments: str) -> Iterator[tuple[int, int]]:
    """Run a listener; yields its port, the last word of its first line, and its process id."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, *arguments], env=env, stdout=subprocess.PIPE, text=True
    )
    try:
        first_line = process.stdout.readline() if process.stdout else ""
        yield int(first_line.rpartition(":")[2]), process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def _load(port: int, connections: int, seconds: float) -> Figures:
    answer = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "benchmarks.listener_load", str(port), str(connections),
         str(seconds)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    figures: Figures = json.loads(answer.stdout)
    return figures


def _resident_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _median(runs: list[Figures], name: str) -> float:
    return median(figures[name] for figures in runs)


if __name__ == "__main__":
    for label, value in run().items():
        print(f"{label:<36} {value:>12,.2f}")
