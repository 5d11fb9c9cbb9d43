"""Reads and writes of the hot path: few statements, prepared, several in one round trip.

Rows to write travel as one JSON parameter that ``json_to_recordset`` types by the model's own
columns, so a batch costs one statement per table whatever its size. Statements are bound and
prepared by the server, on Django's own connection and in its transaction; what goes wrong is
raised as Django's database errors. Nothing here fires Django signals.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, models

Row = Mapping[str, Any]
Query = tuple[str, Sequence[Any]]
Errand = tuple[Query, Callable[[list[tuple[Any, ...]]], None]]
"""A query and who takes its rows."""

_ID_BLOCK = 256
_ids: dict[type[models.Model], list[int]] = {}
# A forked process must not hand out its parent's numbers a second time.
os.register_at_fork(after_in_child=_ids.clear)


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Return ``count`` fresh primary keys of ``model``, ascending over all processes."""
    if count == 0:
        return []
    rows = select(
        "SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [_sequence(model), count]
    )
    return [row[0] for row in rows]


def next_id(model: type[models.Model]) -> int:
    """Return a fresh primary key of ``model`` from a block that the process keeps.

    Cheaper than ``next_ids``, but ascending within this process only; what it does not use is a
    gap, as after any rollback.
    """
    kept = _ids.get(model)
    if not kept:
        kept = _ids[model] = next_ids(model, _ID_BLOCK)
    return kept.pop(0)


@contextmanager
def one_round_trip() -> Iterator[None]:
    """Send the writes of the block without waiting for each; errors come at its end."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def select_all(queries: Sequence[Query]) -> list[list[tuple[Any, ...]]]:
    """Return the rows of several queries that were sent together, in their order."""
    with one_round_trip():
        cursors = [_run(sql, parameters) for sql, parameters in queries]
        return [cursor.fetchall() for cursor in cursors]


def run_errands(errands: Iterable[Errand]) -> None:
    """Run the queries of all errands in one round trip and give each its rows, in order."""
    wanted = list(errands)
    results = select_all([query for query, _ in wanted])
    for (_, take), rows in zip(wanted, results, strict=True):
        take(rows)


def select(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a query that the ORM cannot say well or fast."""
    with connection.wrap_database_errors:
        return _run(sql, parameters).fetchall()


def execute(sql: str, parameters: Sequence[Any]) -> int:
    """Run a statement; return how many rows it touched (not known within a round trip)."""
    with connection.wrap_database_errors:
        return _run(sql, parameters).rowcount


def insert(model: type[models.Model], rows: Sequence[Row], *, or_ignore: bool = False) -> None:
    """Insert rows of equal keys (database columns) in one statement.

    Args:
        model: its table and column types are used.
        rows: column name to value; every row names the same columns.
        or_ignore: leave rows that conflict with an existing one.
    """
    if not rows:
        return
    columns = list(rows[0])
    names = ", ".join(f'"{name}"' for name in columns)
    conflict = " ON CONFLICT DO NOTHING" if or_ignore else ""
    sql = (
        f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {names} '  # noqa: S608, SLF001
        f"FROM json_to_recordset(%s::json) AS fresh({_typed(model, columns)}){conflict}"
    )
    _execute(sql, rows)


def upsert(model: type[models.Model], rows: Sequence[Row], *, key: Sequence[str]) -> None:
    """Insert rows, or overwrite the other columns where a row of that ``key`` exists."""
    if not rows:
        return
    columns = list(rows[0])
    names = ", ".join(f'"{name}"' for name in columns)
    sets = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in columns if name not in key)
    target = ", ".join(f'"{name}"' for name in key)
    sql = (
        f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {names} '  # noqa: S608, SLF001
        f"FROM json_to_recordset(%s::json) AS fresh({_typed(model, columns)}) "
        f"ON CONFLICT ({target}) DO UPDATE SET {sets}"
    )
    _execute(sql, rows)


def update(
    model: type[models.Model], rows: Sequence[Row], *, key: str, only_if: str = "true"
) -> int:
    """Overwrite the named columns of the rows found by ``key`` in one statement.

    Args:
        model: its table and column types are used.
        rows: column name to value; every row names the same columns.
        key: the column that finds a row.
        only_if: SQL over the row as it is (``old``); others are left alone.

    Returns:
        How many rows were written (not known within a round trip).
    """
    if not rows:
        return 0
    columns = list(rows[0])
    sets = ", ".join(f'"{name}" = fresh."{name}"' for name in columns if name != key)
    table = model._meta.db_table  # noqa: SLF001
    return _execute(
        f'UPDATE "{table}" AS old SET {sets} '  # noqa: S608
        f"FROM json_to_recordset(%s::json) AS fresh({_typed(model, columns)}) "
        f'WHERE old."{key}" = fresh."{key}" AND {only_if}',
        rows,
    )


def delete(model: type[models.Model], keys: Iterable[int], *, key: str) -> None:
    """Delete the rows whose ``key`` column is one of ``keys``, in one statement."""
    values = list(keys)
    if not values:
        return
    table = model._meta.db_table  # noqa: SLF001
    execute(f'DELETE FROM "{table}" WHERE "{key}" = ANY(%s::bigint[])', [values])  # noqa: S608


def columns_of(instance: models.Model) -> dict[str, Any]:
    """Return the instance's values by database column."""
    return {name: getattr(instance, attname) for name, attname in _attnames(type(instance))}


def _execute(sql: str, rows: Sequence[Row]) -> int:
    return execute(sql, [json.dumps(rows, default=_plain, ensure_ascii=False)])


def _run(sql: str, parameters: Sequence[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    database = connections[DEFAULT_DB_ALIAS]  # asked once: ``connection`` looks it up at each dot
    if database.connection is None:
        database.ensure_connection()
    cursor: psycopg.Cursor[tuple[Any, ...]] = psycopg.Cursor(database.connection)
    # Binary results cost a third of the time of text ones to load.
    return cursor.execute(sql, parameters, prepare=True, binary=True)


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return "\\x" + bytes(value).hex()
    raise TypeError(f"{type(value).__name__} has no place in a bulk row")


@cache
def _attnames(model: type[models.Model]) -> tuple[tuple[str, str], ...]:
    fields = model._meta.concrete_fields  # noqa: SLF001
    return tuple((str(field.column), field.attname) for field in fields)


@cache
def _types(model: type[models.Model]) -> dict[str, str]:
    fields = model._meta.concrete_fields  # noqa: SLF001
    return {
        str(field.column): str(
            field.rel_db_type(connection) if field.primary_key else field.db_type(connection)
        )
        for field in fields
    }


def _typed(model: type[models.Model], columns: Sequence[str]) -> str:
    types = _types(model)
    return ", ".join(f'"{name}" {types[name]}' for name in columns)


@cache
def _sequence(model: type[models.Model]) -> str:
    column = model._meta.pk.column  # noqa: SLF001
    table = model._meta.db_table  # noqa: SLF001
    rows = select("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', column])
    return str(rows[0][0])
