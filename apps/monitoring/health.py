"""Whether the parts of the stack are well: database, queue, listener. Source: spec 6.

The queue is well while a worker gives signs of life and no message that could be worked on has
waited for long; the listener while it gives signs of life.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

import psycopg

from apps.core import clock
from apps.monitoring.probe import Connection, probing

HEARTBEAT_SECONDS = 10
OLDEST_SECONDS = 30

Report = dict[str, Any]

# Heartbeats are told and judged by the database's clock, messages by ours. The two halves of the
# partial index over waiting messages are each asked for their first row.
_SIGNS_SQL = """
    SELECT (SELECT extract(epoch FROM clock_timestamp() - max(at))::float8
            FROM core_heartbeat WHERE role = 'worker'),
           (SELECT extract(epoch FROM clock_timestamp() - max(at))::float8
            FROM core_heartbeat WHERE role = 'listener'),
           least(
               (SELECT received_at FROM intake_inboundmessage
                WHERE state = 'waiting' AND is_urgent ORDER BY arrival_seq LIMIT 1),
               (SELECT received_at FROM intake_inboundmessage
                WHERE state = 'waiting' AND NOT is_urgent ORDER BY arrival_seq LIMIT 1)
           )
"""


@dataclass(frozen=True, slots=True)
class Signs:
    """How old the last signs of life are, and since when the oldest message waits.

    None where there is none.
    """

    worker_seconds: float | None
    listener_seconds: float | None
    oldest_waiting_at: datetime | None


def database_report() -> Report:
    """Return whether the database answers, and how fast."""
    started = perf_counter()
    try:
        with probing() as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return _away()
    return {"status": "ok", "milliseconds": round((perf_counter() - started) * 1000, 1)}


def queue_report() -> Report:
    """Return whether messages are being worked on."""
    try:
        with probing() as connection:
            signs = read_signs(connection)
    except psycopg.Error:
        return _away()
    return judge_queue(signs, at=clock.now())


def stack_report() -> Report:
    """Return database, queue and listener together, over one connection."""
    started = perf_counter()
    try:
        with probing() as connection:
            signs = read_signs(connection)
    except psycopg.Error:
        away = _away()
        return {"status": "down", "database": away, "queue": away, "listener": away}
    milliseconds = round((perf_counter() - started) * 1000, 1)
    parts = {
        "database": {"status": "ok", "milliseconds": milliseconds},
        "queue": judge_queue(signs, at=clock.now()),
        "listener": judge_listener(signs),
    }
    is_well = all(part["status"] == "ok" for part in parts.values())
    return {"status": "ok" if is_well else "down", **parts}


def read_signs(connection: Connection) -> Signs:
    """Read the signs of life in one statement."""
    row = connection.execute(_SIGNS_SQL).fetchone()
    return Signs(*row)  # type: ignore[misc] # one row of these three


def judge_queue(signs: Signs, *, at: datetime) -> Report:
    """Return what the signs say of the queue at a moment."""
    oldest = None
    if signs.oldest_waiting_at is not None:
        oldest = round((at - signs.oldest_waiting_at).total_seconds(), 1)
    problems = _silence("worker", signs.worker_seconds)
    if oldest is not None and oldest > OLDEST_SECONDS:
        problems.append(f"a message has waited for {oldest:.0f} seconds")
    heartbeat = _rounded(signs.worker_seconds)
    return _report(problems, worker_heartbeat_seconds=heartbeat, oldest_waiting_seconds=oldest)


def judge_listener(signs: Signs) -> Report:
    """Return what the signs say of the MLLP listener."""
    problems = _silence("listener", signs.listener_seconds)
    return _report(problems, listener_heartbeat_seconds=_rounded(signs.listener_seconds))


def _report(problems: list[str], **figures: float | None) -> Report:
    return {"status": "down" if problems else "ok", **figures, "problems": problems}


def _silence(role: str, seconds: float | None) -> list[str]:
    if seconds is not None and seconds <= HEARTBEAT_SECONDS:
        return []
    return [f"no {role} gave a sign of life for {HEARTBEAT_SECONDS} seconds"]


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _away() -> Report:
    # What the driver says names hosts, roles and paths: nothing for a page without sign-in.
    return {"status": "down", "problems": ["the database does not answer"]}
