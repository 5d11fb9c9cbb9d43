"""Gives the test run a PostgreSQL of its own, with the two roles that production has.

Loaded by ``-p`` before pytest-django reads Django's settings, because these say where the
database is. The server starts with the first test that needs it and dies with the run, by
kill -9 too. ``RADASSIGN_TEST_DATABASE`` names a folder whose server is kept between runs. Where
the tests run on several cores each worker has a server to itself.

The owner makes the test database and migrates it; the tests then run as the application role,
so a service that truncates or alters a table fails here as it would in production. Only the
emptying of tables between transactional tests is done as the owner, on a connection of its own
that sets ``radassign.allow_truncate``: append-only tables refuse even the owner otherwise.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from pytest_django import DjangoDbBlocker

from radassign.postgres import EmbeddedPostgres
from radassign.postgres.record import APP_ROLE, OWNER_ROLE, connection_settings

# Settings of whoever runs the tests; the suite has its own.
_NOT_OURS = (
    "DATABASE_URL",
    "DATABASE_URL_FILE",
    "SECRET_KEY",
    "DEBUG",
    "HTTPS_ONLY",
    "HTTP_PORT",
    "HL7_PORT",
    "RIS_PORT",
    "HL7_CLIENT_CERT",
    "HL7_CLIENT_KEY",
)
_server: EmbeddedPostgres | None = None
_is_kept = False


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    global _server, _is_kept
    kept = os.environ.get("RADASSIGN_TEST_DATABASE", "")
    if kept and (worker := os.environ.get("PYTEST_XDIST_WORKER")):
        kept = f"{kept}-{worker}"
    data_dir = Path(kept or tempfile.mkdtemp(prefix="radassign-test-"))
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir.chmod(0o711)  # the server, demoted where we are root, passes through
    for name in _NOT_OURS:
        os.environ.pop(name, None)
    os.environ |= {
        "RADASSIGN_DATA_DIR": str(data_dir),
        "RADASSIGN_TESTING": "1",
        "RADASSIGN_ROLE": "command",
        "LOG_LEVEL": "WARNING",
    }
    _server, _is_kept = EmbeddedPostgres(data_dir, disposable=True), bool(kept)
    if not _is_kept:
        atexit.register(_clean_up, os.getpid())
    # Settings read where the socket is from the record; the server itself can wait.
    _server.prepare_home()
    return (yield)


def _clean_up(pid: int) -> None:
    """Delete the run's cluster, however the run ended; forked children are not the run."""
    if _server is None or os.getpid() != pid:
        return
    _server.destroy()
    shutil.rmtree(_server.data_dir, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> EmbeddedPostgres:
    assert _server is not None
    _server.start(die_with_parent=not _is_kept)
    return _server


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_server: EmbeddedPostgres) -> None:
    """Start the server before pytest-django makes the test database."""


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,  # noqa: ARG001 -- a fixture for its effect
    django_db_blocker: DjangoDbBlocker,
    django_db_modify_db_settings: None,  # noqa: ARG001 -- a fixture for its effect
    django_db_keepdb: bool,
    django_db_createdb: bool,
) -> Iterator[None]:
    """Make and migrate the test database as the owner, then hand it to the application role."""
    from django.test.utils import (  # noqa: PLC0415 -- after the settings
        setup_databases,
        teardown_databases,
    )

    verbosity = request.config.option.verbose
    keepdb = django_db_keepdb and not django_db_createdb
    with django_db_blocker.unblock():
        with _as_owner():
            made = setup_databases(
                verbosity=verbosity, interactive=False, keepdb=keepdb, serialized_aliases=[]
            )
        _empty_tables_as_owner()
    yield
    if keepdb:
        return
    with django_db_blocker.unblock(), _as_owner():
        teardown_databases(made, verbosity=verbosity)


@contextmanager
def _as_owner() -> Iterator[None]:
    _connect_as(OWNER_ROLE)
    try:
        yield
    finally:
        _connect_as(APP_ROLE)


def _connect_as(role: str) -> None:
    from django.db import connection  # noqa: PLC0415 -- after the settings

    assert _server is not None
    where = connection_settings(_server.data_dir, role=role)
    connection.close()
    connection.settings_dict |= {"USER": where["USER"], "PASSWORD": where["PASSWORD"]}


def _empty_tables_as_owner() -> None:
    from django.db import connection  # noqa: PLC0415 -- after the settings

    def execute(_operations: object, sql_list: Iterable[str]) -> None:
        with owner_connection(connection.settings_dict["NAME"]) as owner:
            owner.execute("SET lock_timeout = '10s'")
            owner.execute("SET radassign.allow_truncate = 'on'")
            for statement in sql_list:
                owner.execute(statement)

    # On the class: where an event loop runs, as under Playwright, Django has other connections.
    type(connection.ops).execute_sql_flush = execute  # type: ignore[method-assign] # see the module


def owner_connection(database: str) -> psycopg.Connection[tuple[object, ...]]:
    """Return a connection as the role that owns the tables, autocommit, outside of Django."""
    assert _server is not None
    where = connection_settings(_server.data_dir, role=OWNER_ROLE, database=database)
    return psycopg.connect(
        host=where["HOST"],
        port=where["PORT"],
        dbname=where["NAME"],
        user=where["USER"],
        password=where["PASSWORD"],
        autocommit=True,
    )
