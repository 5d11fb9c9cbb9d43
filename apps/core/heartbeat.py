"""Signs of life of the processes: who is there, and how much they have done.

Told and judged by the database's clock, on purpose: how long ago a process spoke is a question
about machines, whose clocks differ, and a test clock must not make the living look dead.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

from django.db import connection

from apps.core.queue.line import Line

SWEEP_SECONDS = 60.0
_BEAT = """
    INSERT INTO core_heartbeat (name, role, at, details)
    VALUES (%s, %s, clock_timestamp(), %s::jsonb)
    ON CONFLICT (name) DO UPDATE
    SET role = EXCLUDED.role, at = EXCLUDED.at, details = EXCLUDED.details
"""
_SWEEP = "DELETE FROM core_heartbeat WHERE at < clock_timestamp() - make_interval(secs => %s)"
_GONE = "DELETE FROM core_heartbeat WHERE name = %s"
_AGE = "SELECT extract(epoch FROM clock_timestamp() - max(at)) FROM core_heartbeat WHERE role = %s"
_DONE = "SELECT name, coalesce((details->>'done')::bigint, 0) FROM core_heartbeat WHERE role = %s"


def process_name(role: str) -> str:
    """Return the name of this process in a role, unique over all machines."""
    return f"{role}@{socket.gethostname()}:{os.getpid()}"


def beat(line: Line, role: str, **details: Any) -> None:
    """Say that this process lives; ``done`` counts what it worked off since it started."""
    line.rows(_BEAT, (process_name(role), role, json.dumps(details)))


def end(line: Line, role: str) -> None:
    """Say that this process ends as it should."""
    line.rows(_GONE, (process_name(role),))


def sweep(line: Line, older_than_seconds: float = SWEEP_SECONDS) -> None:
    """Forget processes that were not heard of for so long."""
    line.rows(_SWEEP, (older_than_seconds,))


def done_by_process(line: Line, role: str) -> dict[str, int]:
    """Return how much each process of a role has done since it started."""
    return {str(name): int(done) for name, done in line.rows(_DONE, (role,))}


def seconds_since(role: str) -> float | None:
    """Return how long ago the role was last heard of, None where it never was."""
    with connection.cursor() as cursor:
        cursor.execute(_AGE, [role])
        age = cursor.fetchone()[0]
    return None if age is None else float(age)
