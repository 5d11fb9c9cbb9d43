"""Finds a moment's place in a table whose keys ascend with time, without an index on the time.

History is listed newest first by its key. What happened before a period must not be walked
through, however few rows of the period pass the list's filter: so the key that the period begins
at is found first, by halving, in some twenty looks into the primary key.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, models

SLACK = 1000
"""Writers that work side by side may swap neighbours: rows this near are asked for their time."""

_HALVING = """
WITH RECURSIVE halving (low, high) AS (
    SELECT 0::bigint, COALESCE((SELECT max(id) FROM {table}), 0) + 1
  UNION ALL
    SELECT CASE WHEN probe.at < %(at)s THEN probe.id ELSE low END,
           CASE WHEN probe.at < %(at)s THEN high ELSE (low + high) / 2 END
    FROM halving
    LEFT JOIN LATERAL (
        SELECT id, {column} AS at FROM {table} WHERE id >= (low + high) / 2 ORDER BY id LIMIT 1
    ) AS probe ON true
    WHERE low + 1 < high
)
SELECT min(high) FROM halving
"""


def first_id_since(model: type[models.Model], column: str, at: datetime) -> int:
    """Return the smallest key at whose row ``column`` is ``at`` or later.

    One past the largest key where no row is. Exact where the times ascend strictly, else within
    ``SLACK``.
    """
    options: Any = model._meta  # noqa: SLF001 -- Django's public name for it
    quote = connection.ops.quote_name
    sql = _HALVING.format(table=quote(options.db_table), column=quote(column))
    with connection.cursor() as cursor:
        cursor.execute(sql, {"at": at})
        found: int = cursor.fetchone()[0]
    return found
