"""Takes rows of the trail back many at a time: one statement for a run of the same kind.

The values never leave the database: a statement gets the numbers of the audit events and reads
the rows as they were from the trail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from django.db import connection
from psycopg import sql


class Told(NamedTuple):
    """An audit event without its values."""

    id: int
    table: str
    key: str
    action: str


@dataclass(frozen=True, slots=True)
class Run:
    """Events of one table and action about different rows, newest first; never empty."""

    table: str
    action: str
    events: Sequence[int]


def runs_of(events: Iterable[Told]) -> Iterator[Run]:
    """Yield the events in runs, in an order in which they can be taken back.

    Args:
        events: newest first.

    Edits keep their order to the letter: unique values move on from row to row, and a trigger of
    one table may write to another. Among rows that were only added, or only deleted, the tables
    may be told apart (a shift, its sites, the next shift, …), since foreign keys wait for the
    end; the table written last comes first, so children go before their parents, and parents
    return before their children.
    """
    for action, stretch in groupby(events, key=attrgetter("action")):
        divide = _unlike_rows if action == "update" else _tables
        for part in divide(stretch):
            yield Run(part[0].table, action, [event.id for event in part])


def _tables(stretch: Iterable[Told]) -> Iterable[Sequence[Told]]:
    """Return the events of each table, the table that was written last first."""
    tables: dict[str, list[Told]] = {}
    for event in stretch:
        tables.setdefault(event.table, []).append(event)
    return tables.values()


def _unlike_rows(stretch: Iterable[Told]) -> Iterator[Sequence[Told]]:
    """Yield what follows each other in one table, and no row twice."""
    for _table, events in groupby(stretch, key=attrgetter("table")):
        part: dict[str, Told] = {}
        for event in events:
            if event.key in part:
                yield [*part.values()]
                part = {}
            part[event.key] = event
        yield [*part.values()]


def take_back(run: Run) -> None:
    """Take the events of a run back, in the caller's transaction.

    Args:
        run: its rows are held, and whatever is newer was taken back before.

    Raises:
        IntegrityError: something took a row's place since.
    """
    table = sql.Identifier(run.table)
    columns = [sql.Identifier(name) for name in _columns(run.table)]
    query = _STATEMENTS[run.action].format(
        table=table,
        columns=sql.SQL(", ").join(columns),
        old=sql.SQL(", ").join(sql.SQL("(told.old).{}").format(name) for name in columns),
        excluded=sql.SQL(", ").join(sql.SQL("EXCLUDED.{}").format(name) for name in columns),
        told=TOLD.format(table=table),
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [list(run.events)])


def _columns(table: str) -> Sequence[str]:
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [table])
        return [row[0] for row in cursor.fetchall()]


# Every audited table is keyed by ``id``, a number or a text: the table's own type says which.
# ``OFFSET 0`` keeps PostgreSQL to one look-up by key for each event. What was written a moment
# ago is not in its statistics, and a join planned for one row that meets thousands takes minutes.
TOLD = sql.SQL(
    """(
        SELECT event.id AS event,
               event.new_values AS as_left,
               (jsonb_populate_record(NULL::{table}, event.new_values)).id AS key,
               jsonb_populate_record(NULL::{table}, event.old_values) AS old
        FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked (id, place),
             LATERAL (SELECT * FROM audit_auditevent WHERE id = asked.id OFFSET 0) AS event
        ORDER BY place
    ) AS told"""
)
_REMOVE = sql.SQL("DELETE FROM {table} WHERE id = ANY(ARRAY(SELECT told.key FROM {told}))")
_RESTORE = sql.SQL("INSERT INTO {table} ({columns}) SELECT {old} FROM {told}")
# The rows are there and held; so said, they are written in the order of the events, which an
# UPDATE would not promise. Rows that pass a unique value on must give it up first.
_REPLACE = sql.SQL(
    "INSERT INTO {table} ({columns}) SELECT {old} FROM {told} "
    "ON CONFLICT (id) DO UPDATE SET ({columns}) = ROW({excluded})"
)
_STATEMENTS = {"insert": _REMOVE, "delete": _RESTORE, "update": _REPLACE}
_COLUMNS = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
