"""A look at the database that never hangs: a connection of its own, with short time-outs.

The pool of a web process makes a request wait for a connection, and a health check that waits
says nothing. Source: spec 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connections

Connection = psycopg.Connection[tuple[object, ...]]

CONNECT_SECONDS = 2  # libpq knows no less
STATEMENT_MILLISECONDS = 900


@contextmanager
def probing() -> Iterator[Connection]:
    """Open a read-only connection for a few quick statements.

    Raises:
        psycopg.Error: the database is away, or too slow to be called there.
    """
    where = connections["default"].settings_dict
    connection = psycopg.connect(
        host=where["HOST"],
        port=where["PORT"],
        dbname=where["NAME"],
        user=where["USER"],
        password=where["PASSWORD"],
        sslmode=where["OPTIONS"].get("sslmode"),
        sslrootcert=where["OPTIONS"].get("sslrootcert"),
        connect_timeout=CONNECT_SECONDS,
        application_name="radassign-probe",
        options=f"-c statement_timeout={STATEMENT_MILLISECONDS} -c default_transaction_read_only=on",
        autocommit=True,
    )
    with connection:
        yield connection
