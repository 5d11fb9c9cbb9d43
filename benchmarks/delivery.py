"""Delivery alone: messages a second through one destination in lockstep, and commit to arrival.

A real deliver process and a real PostgreSQL; the receiver answers each message at once over one
connection, one at a time, as MLLP peers do.
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


def run() -> dict[str, float | int]:
    """Return the medians of three runs."""
    with database() as env:
        rounds = [_measure(env) for _ in range(ROUNDS)]
    return {
        "messages/s, one lockstep destination": median(r["per_second"] for r in rounds),
        "commit to arrival at 100/s: p50 ms": median(r["p50_ms"] for r in rounds),
        "commit to arrival at 100/s: p99 ms": median(r["p99_ms"] for r in rounds),
        "repeats": int(sum(r["repeats"] for r in rounds)),
    }


@contextmanager
def database() -> Iterator[dict[str, str]]:
    """Run a database of the benchmark's own, and yield the environment that finds it."""
    data_dir = Path(tempfile.mkdtemp(prefix="radassign-bench-"))
    data_dir.chmod(0o711)
    env = {**os.environ, "RADASSIGN_DATA_DIR": str(data_dir), "LOG_LEVEL": "ERROR"}
    env.pop("DATABASE_URL", None)
    server = EmbeddedPostgres(data_dir)
    try:
        server.start(die_with_parent=True)
        _python(env, "manage.py", "migrate", "-v", "0", "--skip-checks")
        yield env
    finally:
        server.destroy()
        shutil.rmtree(data_dir, ignore_errors=True)


def _measure(env: dict[str, str]) -> dict[str, float]:
    figures: dict[str, float] = json.loads(_python(env, "-m", "benchmarks.delivery_load"))
    return figures


def _python(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603
        [sys.executable, *arguments], env=env, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


if __name__ == "__main__":
    for label, value in run().items():
        print(f"{label:<40} {value:>12,.2f}")
