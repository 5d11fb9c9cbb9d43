"""The django-q2 broker on PostgreSQL: claims by SKIP LOCKED, woken by NOTIFY.

Tasks are nudges: lost, doubled or late ones do no harm. So claims and acknowledgements commit
without waiting for the disk, and no method raises because the database is away: the processes of
a cluster that die take its shared pipes with them, and waiting is all they could do anyway.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
from django.db import connection
from django_q.brokers import Broker
from django_q.conf import Conf

from apps.core.queue.line import Line

log = logging.getLogger(__name__)

_WAIT_SECONDS = 1.0
_AWAY_SECONDS = 0.25
# The clock here is the database's own, on purpose: a lease between machines, not business.
_CLAIM = """
    UPDATE core_queuetask AS task
    SET claimed_until = clock_timestamp() + make_interval(secs => %s)
    FROM (
        SELECT id FROM core_queuetask
        WHERE cluster = %s AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE task.id = due.id
    RETURNING task.id, task.payload
"""
# The notice goes out also where an equal nudge waits already: its own may have been missed.
_ENQUEUE = """
    WITH fresh AS (
        INSERT INTO core_queuetask (cluster, dedupe_key, payload) VALUES (%s, %s, %s)
        ON CONFLICT DO NOTHING RETURNING id
    )
    SELECT (SELECT id FROM fresh), pg_notify(%s, '')
"""
_DELETE = "DELETE FROM core_queuetask WHERE id = %s"
_RELEASE = (
    "UPDATE core_queuetask SET claimed_until = clock_timestamp() WHERE cluster = %s "
    "AND claimed_until > clock_timestamp()"
)
_SIZE = (
    "SELECT count(*) FROM core_queuetask WHERE cluster = %s "
    "AND (claimed_until IS NULL OR claimed_until < clock_timestamp())"
)
_LOCKED = (
    "SELECT count(*) FROM core_queuetask WHERE cluster = %s AND claimed_until > clock_timestamp()"
)
_PURGE = "DELETE FROM core_queuetask WHERE cluster = %s"


class PostgresBroker(Broker):  # type: ignore[misc] # django-q2 ships no types
    """Keeps a cluster's tasks in ``core_queuetask``."""

    def __init__(
        self, list_key: str | None = None, *, dedupe_key: str = "", line: Line | None = None
    ) -> None:
        """Serve one cluster.

        Args:
            list_key: the cluster's name; None means the one this process belongs to.
            dedupe_key: given to what is enqueued; one unclaimed task of a key exists at most.
            line: enqueues on this line instead of on Django's connection.
        """
        super().__init__(list_key)
        self._dedupe_key = dedupe_key
        self._enqueue_line = line
        self._is_away = False
        self._line = Line(f"queue-{self.list_key}", [queue_channel(self.list_key)])

    def __getstate__(self) -> tuple[str, str]:
        """Leave the connections behind; another process opens its own."""
        return self.list_key, self._dedupe_key

    def __setstate__(self, state: tuple[str, str]) -> None:
        """Start anew in another process."""
        self.__init__(state[0], dedupe_key=state[1])  # type: ignore[misc] # as Broker does

    def enqueue(self, task: str) -> int | None:
        """Add a task and wake its cluster; None where an equal nudge waits already."""
        params = (self.list_key, self._dedupe_key, task, queue_channel(self.list_key))
        if self._enqueue_line is not None:
            return _as_id(self._enqueue_line.rows(_ENQUEUE, params)[0][0])
        with connection.cursor() as cursor:
            cursor.execute(_ENQUEUE, params)
            return _as_id(cursor.fetchone()[0])

    def dequeue(self) -> list[tuple[int, str]]:
        """Claim what waits, else wait for a notice for up to a second and look again."""
        try:
            tasks = self._claim()
            if not tasks and self._line.wait(_WAIT_SECONDS):
                tasks = self._claim()
        except psycopg.Error as error:
            self._say_away(error)
            time.sleep(_AWAY_SECONDS)
            return []
        self._is_away = False
        return tasks

    def acknowledge(self, task_id: int) -> None:
        """Forget a task that ran; where the database is away it will run once more."""
        self._quietly(_DELETE, (task_id,))

    def delete(self, task_id: int) -> None:
        """Forget a task."""
        self._quietly(_DELETE, (task_id,))

    def fail(self, task_id: int) -> None:
        """Forget a task that cannot be read, such as one signed with another key."""
        self._quietly(_DELETE, (task_id,))

    def release_claims(self) -> None:
        """Give back what this cluster claimed: its processes died and will not run it.

        Another machine's claims are given back with them; doubled nudges do no harm.
        """
        self._quietly(_RELEASE, (self.list_key,))

    def queue_size(self) -> int:
        """Return the number of tasks that could be claimed."""
        return int(self._line.rows(_SIZE, (self.list_key,))[0][0])

    def lock_size(self) -> int:
        """Return the number of tasks that are claimed."""
        return int(self._line.rows(_LOCKED, (self.list_key,))[0][0])

    def purge_queue(self) -> None:
        """Forget all tasks of the cluster."""
        self._line.rows(_PURGE, (self.list_key,))

    def delete_queue(self) -> None:
        """Forget all tasks of the cluster."""
        self.purge_queue()

    def ping(self) -> bool:
        """Answer that a cluster may start; without a database it waits for one."""
        return True

    def info(self) -> str:
        """Name the kind of broker."""
        return "PostgreSQL"

    def close(self) -> None:
        """Close this process's connection."""
        self._line.close()

    def _claim(self) -> list[tuple[int, str]]:
        found = self._line.rows(_CLAIM, (Conf.RETRY, self.list_key, Conf.BULK))
        return sorted((int(task_id), str(payload)) for task_id, payload in found)

    def _quietly(self, query: LiteralString, params: Sequence[object]) -> None:
        try:
            self._line.rows(query, params)
        except psycopg.Error as error:
            self._say_away(error)

    def _say_away(self, error: psycopg.Error) -> None:
        """Log it once, not with every try."""
        if not self._is_away:
            log.warning("queue %s is away: %s", self.list_key, type(error).__name__)
        self._is_away = True


def queue_channel(cluster: str) -> str:
    """Return the channel on which a cluster hears of new tasks."""
    return f"radassign_queue_{cluster}"


def _as_id(value: Any) -> int | None:  # noqa: ANN401 -- a driver's value
    return None if value is None else int(value)
