"""Makes roles, extensions and the database inside a running cluster.

Two roles from the start. The owner migrates. The application role reads and writes rows, and
can neither truncate, nor alter, nor drop a trigger, so that an append-only table stays one
whatever the application does. Privileges and extensions are set in ``template1``: every
database made from it, a test's too, has them from its first table on.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from radassign.postgres.record import (
    APP_ROLE,
    DATABASE,
    OWNER_ROLE,
    SUPERUSER,
    connection_settings,
    password,
)

EXTENSIONS = ("btree_gist", "pg_trgm")


def connect(data_dir: Path, *, role: str, database: str) -> psycopg.Connection[tuple[object, ...]]:
    """Return an autocommit connection to the embedded server as one of its roles."""
    where = connection_settings(data_dir, role=role, database=database)
    return psycopg.connect(
        host=where["HOST"],
        port=where["PORT"],
        dbname=where["NAME"],
        user=where["USER"],
        password=where["PASSWORD"],
        autocommit=True,
        connect_timeout=5,
        application_name="radassign-bootstrap",
    )


def bootstrap(data_dir: Path, *, owner_creates_databases: bool) -> None:
    """Make what is missing; running it again changes nothing.

    Args:
        data_dir: the data folder of the running server.
        owner_creates_databases: for test runs, which make a database of their own.
    """
    with connect(data_dir, role=SUPERUSER, database="postgres") as connection:
        _make_role(connection, OWNER_ROLE, password(data_dir, OWNER_ROLE))
        _make_role(connection, APP_ROLE, password(data_dir, APP_ROLE))
        if owner_creates_databases:
            connection.execute(_role_statement("ALTER ROLE {} CREATEDB", OWNER_ROLE))
    with connect(data_dir, role=SUPERUSER, database="template1") as connection:
        _execute_all(connection, template_statements())
    with connect(data_dir, role=SUPERUSER, database="postgres") as connection:
        _make_database(connection)


def template_statements() -> list[sql.Composed]:
    """Return the statements that give a database its extensions and default privileges."""
    owner, app = sql.Identifier(OWNER_ROLE), sql.Identifier(APP_ROLE)
    default = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT ").format(owner)
    return [
        *(
            sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name))
            for name in EXTENSIONS
        ),
        default + sql.SQL("SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}").format(app),
        default + sql.SQL("USAGE, SELECT, UPDATE ON SEQUENCES TO {}").format(app),
    ]


def _make_role(connection: psycopg.Connection[tuple[object, ...]], role: str, secret: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if known is None:
        connection.execute(_role_statement("CREATE ROLE {} LOGIN NOINHERIT", role))
    # Set each time: the data folder's password file is the truth.
    connection.execute(_role_statement("ALTER ROLE {} PASSWORD ", role) + sql.Literal(secret))


def _make_database(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    known = connection.execute(
        "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
    ).fetchone()
    if known is None:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)
            )
        )


def _role_statement(statement: LiteralString, role: str) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(role))


def _execute_all(
    connection: psycopg.Connection[tuple[object, ...]], statements: Iterable[sql.Composed]
) -> None:
    for statement in statements:
        connection.execute(statement)
