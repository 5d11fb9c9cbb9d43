"""Gauges that are true only in the database, read at the moment of the scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
from prometheus_client.core import GaugeMetricFamily

from apps.assignment.choices import ReasonChoices
from apps.monitoring.coverage import coverage_gauges
from apps.monitoring.probe import Connection, probing

Family = GaugeMetricFamily

_UNASSIGNED_SQL = "SELECT reason, count(*) FROM assignment_unassigned GROUP BY reason"
_QUEUE_SQL = """
    SELECT d.name,
           count(m.id) FILTER (WHERE m.state = 'queued'),
           count(m.id) FILTER (WHERE m.state = 'dead')
    FROM outbound_destination d
    LEFT JOIN outbound_outboundmessage m
           ON m.destination_id = d.id AND m.state IN ('queued', 'dead')
    GROUP BY d.name
"""
_WAITING_SQL = "SELECT count(*) FROM intake_inboundmessage WHERE state = 'waiting'"
_SILENT_SQL = "SELECT count(*) FROM intake_sendercontact WHERE silent_since IS NOT NULL"
_DRIFT_SQL = "SELECT drifted FROM assignment_replaycheck WHERE settles ORDER BY at DESC LIMIT 1"
_HEARTBEAT_SQL = """
    SELECT role, extract(epoch FROM clock_timestamp() - max(at))::float8
    FROM core_heartbeat GROUP BY role
"""


def database_gauges() -> list[Family]:
    """Return every gauge; without a database only the one that says so has a value."""
    try:
        with probing() as connection:
            return [_up(1), *(family for read in _READERS for family in read(connection))]
    except psycopg.Error:
        return [_up(0), _unassigned_family(), _queue_family(), _dead_family()]


def _up(value: int) -> Family:
    return Family("radassign_database_up", "1 while the database answers the scrape.", value)


def _unassigned_family() -> Family:
    return Family(
        "assignment_engine_unassigned", "Orders without a radiologist.", labels=["reason"]
    )


def _queue_family() -> Family:
    return Family("hl7_emitter_queue", "Messages to be delivered.", labels=["destination"])


def _dead_family() -> Family:
    return Family("hl7_emitter_dead_letters", "Dead letters.", labels=["destination"])


def _unassigned(connection: Connection) -> Iterator[Family]:
    counts: dict[object, object] = dict(connection.execute(_UNASSIGNED_SQL).fetchall())  # type: ignore[arg-type] # pairs
    family = _unassigned_family()
    for reason in ReasonChoices.values:
        family.add_metric([reason], _number(counts.get(reason, 0)))
    yield family


def _queue(connection: Connection) -> Iterator[Family]:
    queue, dead = _queue_family(), _dead_family()
    for name, queued_messages, dead_letters in connection.execute(_QUEUE_SQL).fetchall():
        queue.add_metric([str(name)], _number(queued_messages))
        dead.add_metric([str(name)], _number(dead_letters))
    yield queue
    yield dead


def _waiting(connection: Connection) -> Iterator[Family]:
    row = connection.execute(_WAITING_SQL).fetchone()
    yield Family(
        "hl7_listener_messages_waiting",
        "Received messages that have not taken effect yet.",
        _number(row[0] if row else 0),
    )


def _silent(connection: Connection) -> Iterator[Family]:
    row = connection.execute(_SILENT_SQL).fetchone()
    yield Family(
        "assignment_engine_silent_senders",
        "Senders from which nothing came for too long in their usual hours.",
        _number(row[0] if row else 0),
    )


def _drift(connection: Connection) -> Iterator[Family]:
    row = connection.execute(_DRIFT_SQL).fetchone()
    yield Family(
        "assignment_engine_replay_drift",
        "Decisions of the last nightly sample that, made again, came out otherwise.",
        _number(row[0] if row else 0),
    )


def _heartbeats(connection: Connection) -> Iterator[Family]:
    family = Family(
        "radassign_heartbeat_age_seconds",
        "Since the last sign of life of a process of this role.",
        labels=["role"],
    )
    for role, seconds in connection.execute(_HEARTBEAT_SQL).fetchall():
        family.add_metric([str(role)], _number(seconds))
    yield family


def _number(value: object) -> float:
    return float(value)  # type: ignore[arg-type] # a count out of the database


_READERS: tuple[Callable[[Connection], Iterator[Family]], ...] = (
    _unassigned,
    _queue,
    _waiting,
    _silent,
    _drift,
    _heartbeats,
    coverage_gauges,
)
