"""A connection of one's own beside Django's: autocommit, listening, opened again after it died.

LISTEN and session locks belong to a connection, and Django closes its own when it sees fit. A
line is for housekeeping only (claims, locks, heartbeats, notices), so a commit on it need not
reach the disk: what a crash takes away is found again by the sweep.
"""

from __future__ import annotations

import os
import select
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, LiteralString, NamedTuple

import psycopg
from django.db import connection as django_connection
from psycopg import sql

# A dead machine's session ends after 11 s instead of two hours; nothing here takes 5 s.
_SERVER_OPTIONS = (
    "-c synchronous_commit=off -c statement_timeout=5s "
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
)
# What Django adds for itself; libpq knows none of these.
_DJANGO_OPTIONS = frozenset(
    {"assume_role", "isolation_level", "pool", "prepare_threshold", "server_side_binding"}
)


class Notice(NamedTuple):
    """What NOTIFY sent."""

    channel: str
    payload: str


class Line:
    """One lazily opened connection; it survives a fork by being opened anew in the child.

    Every method may raise ``psycopg.OperationalError``; the next call opens a new connection,
    which listens on the same channels. Notices given while it was down are lost, so whoever
    comes back looks at the rows.
    """

    def __init__(self, purpose: str, channels: Sequence[str] = ()) -> None:
        """Remember what the line is for (its ``application_name``) and what it listens on."""
        self._purpose = purpose
        self._channels = tuple(channels)
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._owner_pid = 0
        self._inbox: deque[Notice] = deque()

    @property
    def is_open(self) -> bool:
        """Whether the last use left a working connection."""
        return self._working() is not None

    def rows(self, query: LiteralString, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows, none where it has none."""
        try:
            cursor = self._open().execute(query, params)
            return cursor.fetchall() if cursor.description is not None else []
        except psycopg.Error:
            self._drop_if_broken()
            raise

    def take_notices(self) -> list[Notice]:
        """Return what came since the last call, without waiting."""
        connection = self._open()
        try:
            connection.pgconn.consume_input()
        except psycopg.Error:
            self.close()
            raise
        while notice := connection.pgconn.notifies():
            self._inbox.append(Notice(notice.relname.decode(), notice.extra.decode()))
        taken = list(self._inbox)
        self._inbox.clear()
        return taken

    def wait(self, seconds: float) -> bool:
        """Wait for a notice and take all there are; False after ``seconds`` without one."""
        until = time.monotonic() + seconds
        while not self.take_notices():
            left = until - time.monotonic()
            if left <= 0:
                return False
            poll = select.poll()
            poll.register(self.fileno(), select.POLLIN)
            poll.poll(left * 1000)
        return True

    def fileno(self) -> int:
        """Return the socket, readable when a notice came or the server went."""
        return self._open().fileno()

    def listen(self, channel: str) -> None:
        """Listen on one more channel."""
        self._open().execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))

    def close(self) -> None:
        """Close the connection, and with it its session locks; a later call opens a new one."""
        connection, self._connection = self._connection, None
        self._inbox.clear()
        if connection is not None and self._is_ours():
            connection.close()

    def _working(self) -> psycopg.Connection[tuple[Any, ...]] | None:
        connection = self._connection if self._is_ours() else None
        return None if connection is None or connection.closed else connection

    def _is_ours(self) -> bool:
        return self._owner_pid == os.getpid()

    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        if (working := self._working()) is not None:
            return working
        # After a fork the socket is still the parent's: forgotten here, never closed.
        self._owner_pid = os.getpid()
        self._inbox.clear()
        self._connection = psycopg.connect(**_settings(self._purpose), autocommit=True)
        self._connection.add_notify_handler(self._receive)
        for channel in self._channels:
            self.listen(channel)
        return self._connection

    def _receive(self, notice: psycopg.Notify) -> None:
        self._inbox.append(Notice(notice.channel, notice.payload))

    def _drop_if_broken(self) -> None:
        if self._connection is not None and self._connection.broken:
            self.close()


def _settings(purpose: str) -> dict[str, Any]:
    """Return where Django's database is, as libpq wants it."""
    database = django_connection.settings_dict
    options = {k: v for k, v in database["OPTIONS"].items() if k not in _DJANGO_OPTIONS}
    places = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER"}
    where = {name: database[key] for name, key in places.items() if database[key]}
    return {
        **options,
        **where,
        "password": database["PASSWORD"],
        "connect_timeout": 3,
        "application_name": f"radassign-{purpose}",
        "options": f"{options.get('options', '')} {_SERVER_OPTIONS}".strip(),
    }
