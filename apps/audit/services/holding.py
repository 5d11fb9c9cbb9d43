"""Holds the rows that a request changed, as long as each is still as the request left it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from django.db import connection
from psycopg import sql

from apps.audit.exceptions import UndoError
from apps.audit.models import AuditEvent
from apps.audit.queries.wording import actor_in_words, row_in_words
from apps.audit.services.runs import TOLD, Told


def hold(events: Sequence[Told], request_id: str) -> None:
    """Lock every row that the events left behind until the transaction ends.

    Args:
        events: all of one request, newest first.
        request_id: theirs.

    Raises:
        UndoError: a row was changed since, or between two of the events; says which, and by
            whom.
    """
    newest, joints = _by_row(events)
    left = sorted(event for event in newest if event.action != "delete")
    held = {event for run in _tables(left) for event in _held(run)}
    changed = [event.id for event in left if event.id not in held] or _broken(joints)
    if changed:
        raise UndoError(f"{_changed_in_words(changed, request_id)}; nothing was taken back.")


def _by_row(events: Iterable[Told]) -> tuple[Collection[Told], Sequence[tuple[int, int]]]:
    """Return each row's newest event, and the older and the newer of two that follow each other."""
    newest: dict[tuple[str, str], Told] = {}
    oldest: dict[tuple[str, str], Told] = {}
    joints = []
    for event in events:
        row = (event.table, event.key)
        newest.setdefault(row, event)
        if row in oldest:
            joints.append((event.id, oldest[row].id))
        oldest[row] = event
    return newest.values(), joints


def _tables(events: Iterable[Told]) -> Iterator[Sequence[Told]]:
    by_table = attrgetter("table")
    for _table, rows in groupby(sorted(events, key=by_table), key=by_table):
        yield [*rows]


def _held(events: Sequence[Told]) -> Iterable[int]:
    """Lock rows of one table, in the order in which they were changed; return their events."""
    table = sql.Identifier(events[0].table)
    with connection.cursor() as cursor:
        query = _HOLD.format(table=table, told=TOLD.format(table=table))
        cursor.execute(query, [[event.id for event in events]])
        return [row[0] for row in cursor.fetchall()]


def _broken(joints: Sequence[tuple[int, int]]) -> list[int]:
    """Return the events after which somebody else changed the row before the next event did."""
    if not joints:
        return []
    older, newer = zip(*joints, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_BROKEN, [list(older), list(newer)])
        return [row[0] for row in cursor.fetchall()]


def _changed_in_words(changed: Sequence[int], request_id: str) -> str:
    """Return which rows are not as they were left, by the first, and whose hand that was."""
    event = AuditEvent.objects.get(pk=min(changed))
    row = row_in_words(event.entity, event.new_values or {})
    row = row[0].upper() + row[1:]
    if len(changed) > 1:
        return f"{row} and {len(changed) - 1:,} more were changed again since"
    later = AuditEvent.objects.filter(
        entity=event.entity, entity_id=event.entity_id, id__gt=event.pk
    ).exclude(request_id=request_id)
    first = min(later.values_list("id", "actor"), default=None)
    hand = f" by {actor_in_words(first[1])}" if first else ""
    return f"{row} was changed again since{hand}"


# ``FOR UPDATE`` keeps PostgreSQL to one look-up by key for each event, as in ``TOLD``.
_HOLD = sql.SQL(
    """
    SELECT told.event FROM {told}, LATERAL (
        SELECT FROM {table} AS row
        WHERE row.id = told.key AND to_jsonb(row) = told.as_left FOR UPDATE
    ) AS held"""
)
_BROKEN = """
    SELECT joint.older
    FROM unnest(%s::bigint[], %s::bigint[]) AS joint (older, newer),
         LATERAL (SELECT new_values FROM audit_auditevent WHERE id = joint.older OFFSET 0) AS before,
         LATERAL (SELECT old_values FROM audit_auditevent WHERE id = joint.newer OFFSET 0) AS after
    WHERE before.new_values IS DISTINCT FROM after.old_values
"""
