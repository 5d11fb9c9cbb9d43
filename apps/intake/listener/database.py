"""Database connections of the listener: asynchronous, outside of Django's own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
from typing import Any

import psycopg
from django.db import connections

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

CONNECT_SECONDS = 5


def connection_settings() -> dict[str, Any]:
    """Return psycopg's arguments for the default database, as Django's settings name it."""
    where = connections["default"].settings_dict
    options = {name: value for name, value in where["OPTIONS"].items() if name != "pool"}
    named = {
        "host": where["HOST"],
        "port": where["PORT"],
        "dbname": where["NAME"],
        "user": where["USER"],
        "password": where["PASSWORD"],
    }
    filled = {name: value for name, value in named.items() if value}
    return {"connect_timeout": CONNECT_SECONDS, **options, **filled}


async def connect(*, durable: bool, statement_seconds: float) -> Connection:
    """Return an autocommit connection.

    Args:
        durable: whether a commit returns only when it is on disk.
        statement_seconds: after this the server gives up a statement.

    Raises:
        psycopg.Error: the server cannot be reached or refuses us.
    """
    connection = await psycopg.AsyncConnection.connect(**connection_settings(), autocommit=True)
    await connection.execute(
        "SELECT set_config('synchronous_commit', %s, false),"
        " set_config('statement_timeout', %s, false)",
        ["on" if durable else "off", f"{int(statement_seconds * 1000)}ms"],
    )
    return connection


def is_alive(connection: Connection) -> bool:
    """Return whether an idle connection still stands, as far as can be seen without asking.

    A server that went away has closed the socket; sending to it would leave us not knowing
    whether the statement arrived.
    """
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    try:
        # A farewell may come before the end of the stream: read on until nothing is left.
        while poll.poll(0):
            connection.pgconn.consume_input()
    except psycopg.Error:
        return False
    return bool(connection.pgconn.status == psycopg.pq.ConnStatus.OK)


def sever(connection: Connection) -> None:
    """Cut the connection's socket, so that whoever waits on it fails at once.

    Cancelling the wait instead would ask the server to cancel, and wait for that; a server that
    does not answer would hold us for ever.
    """
    with (
        contextlib.suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.fileno())) as wire,
    ):
        wire.shutdown(socket.SHUT_RDWR)


async def close_quietly(connection: Connection | None) -> None:
    """Close; what goes wrong with a connection that is given up does not matter."""
    if connection is not None:
        with contextlib.suppress(psycopg.Error, OSError, asyncio.CancelledError):
            await connection.close()
