"""Takes a change of configuration back: every row that one request changed, all or none.

The audit triggers keep each row as it was before and after, so one mechanism serves every
table: what was added is deleted, what was deleted comes back with its old key, what was edited
gets its old values. Somebody's later edit is never written over: if a row is no longer as the
request left it, nothing is taken back. Taking back is a change like any other, with its own
audit rows, so that it can be taken back too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models.functions import Now
from psycopg import sql

from apps.audit.exceptions import UndoError
from apps.audit.models import AuditEvent
from apps.audit.services.places import sites_of
from apps.core.access import RECORDS, Access

_TOO_MANY = 500
_LONGEST = timedelta(hours=1)
"""The button stands on the next page only; an older address is no way around today's roles."""
_PEOPLE = frozenset({"accounts_user", "accounts_rolegrant"})
"""Never taken back: what somebody might give was asked when it was given."""


@transaction.atomic
def undo(request_id: str, *, actor: str, access: Access) -> int:
    """Take back what the actor changed in one request; return how many rows.

    Args:
        request_id: as the audit trail has it.
        actor: who asks; only their own changes are taken back.
        access: they must be allowed to change every row concerned, at all of its sites as they
            are now.

    Raises:
        UndoError: there is nothing to take back, it is not theirs, or a row was changed since.
    """
    events = list(
        AuditEvent.objects.filter(
            request_id=request_id,
            actor=actor,
            action__in=("insert", "update", "delete"),
            at__gte=Now() - _LONGEST,
        ).order_by("-id")[: _TOO_MANY + 1]
    )
    _check(events, access)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for event in events:
                _take_back(cursor, event)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except IntegrityError as error:
        raise UndoError("Something else refers to it or took its place since.") from error
    return len(events)


def _check(events: Sequence[AuditEvent], access: Access) -> None:
    if not events or len(events) > _TOO_MANY:
        raise UndoError("There is nothing of yours to take back here.")
    for event in events:
        guarded = RECORDS.get(event.entity)
        if guarded is None or guarded.change is None or event.entity in _PEOPLE:
            raise UndoError("This cannot be taken back.")
        scope = access.scope(guarded.change)
        if not scope.everywhere and not scope.changes(sites_of(event, events)):
            raise UndoError("This cannot be taken back.")


def _take_back(cursor: CursorWrapper, event: AuditEvent) -> None:
    table = sql.Identifier(event.entity)
    if event.new_values is not None:
        _check_unchanged(cursor, event)
    statement, values = {
        "insert": (_DELETE, [event.entity_id]),
        "delete": (_RESTORE, [json.dumps(event.old_values)]),
        "update": (_REPLACE, [json.dumps(event.old_values), event.entity_id]),
    }[event.action]
    columns = sql.SQL(", ").join(map(sql.Identifier, event.old_values or {}))
    cursor.execute(statement.format(table=table, columns=columns), values)


def _check_unchanged(cursor: CursorWrapper, event: AuditEvent) -> None:
    query = _AS_LEFT.format(table=sql.Identifier(event.entity))
    cursor.execute(query, [json.dumps(event.new_values), event.entity_id])
    if cursor.fetchone() != (True,):
        raise UndoError("It was changed again since; nothing was taken back.")


# Every audited table is keyed by ``id``.
_AS_LEFT = sql.SQL(
    "SELECT to_jsonb(r) = %s::jsonb FROM {table} r WHERE r.id::text = %s FOR UPDATE"
)
_DELETE = sql.SQL("DELETE FROM {table} WHERE id::text = %s")
_RESTORE = sql.SQL("INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s)")
_REPLACE = sql.SQL(
    "UPDATE {table} SET ({columns}) = (SELECT {columns} FROM "
    "jsonb_populate_record(NULL::{table}, %s)) WHERE id::text = %s"
)
