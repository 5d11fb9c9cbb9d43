"""Writes of many rows in one statement each, for the services of the hot path.

Rows travel as one JSON parameter that ``json_to_recordset`` types by the model's own columns, so
a batch costs one round trip per table whatever its size. Nothing here fires Django signals.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection, models

Row = Mapping[str, Any]


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Return ``count`` fresh primary keys of ``model``, ascending."""
    if count == 0:
        return []
    sequence = _sequence(model)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [sequence, count]
        )
        return [row[0] for row in cursor.fetchall()]


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


def update(model: type[models.Model], rows: Sequence[Row], *, key: str) -> None:
    """Overwrite the named columns of the rows found by ``key`` in one statement."""
    if not rows:
        return
    columns = list(rows[0])
    sets = ", ".join(f'"{name}" = fresh."{name}"' for name in columns if name != key)
    table = model._meta.db_table  # noqa: SLF001
    sql = (
        f'UPDATE "{table}" AS old SET {sets} '  # noqa: S608
        f"FROM json_to_recordset(%s::json) AS fresh({_typed(model, columns)}) "
        f'WHERE old."{key}" = fresh."{key}"'
    )
    _execute(sql, rows)


def delete(model: type[models.Model], keys: Iterable[Any], *, key: str) -> None:
    """Delete the rows whose ``key`` column is one of ``keys``, in one statement."""
    values = list(keys)
    if not values:
        return
    table = model._meta.db_table  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{table}" WHERE "{key}" = ANY(%s)', [values])  # noqa: S608


def select(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a query that the ORM cannot say well."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def columns_of(instance: models.Model) -> dict[str, Any]:
    """Return the instance's values by database column."""
    return {name: getattr(instance, attname) for name, attname in _attnames(type(instance))}


def _execute(sql: str, rows: Sequence[Row]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [json.dumps(rows, default=_plain, ensure_ascii=False)])


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
    return tuple((field.column, field.attname) for field in fields)


@cache
def _types(model: type[models.Model]) -> dict[str, str]:
    fields = model._meta.concrete_fields  # noqa: SLF001
    return {field.column: field.rel_db_type(connection) if field.primary_key else _type(field)
            for field in fields}


def _type(field: models.Field[Any, Any]) -> str:
    return str(field.db_type(connection))


def _typed(model: type[models.Model], columns: Sequence[str]) -> str:
    types = _types(model)
    return ", ".join(f'"{name}" {types[name]}' for name in columns)


@cache
def _sequence(model: type[models.Model]) -> str:
    column = model._meta.pk.column  # noqa: SLF001
    table = model._meta.db_table  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', column])
        return str(cursor.fetchone()[0])
