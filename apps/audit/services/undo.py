"""Takes a change of configuration back: every row that one request changed, all or none.

The audit triggers keep each row as it was before and after, so one mechanism serves every
table: what was added is deleted, what was deleted comes back with its old key, what was edited
gets its old values. Somebody's later edit is never written over: if a row is no longer as the
request left it, nothing is taken back. Taking back is a change like any other, with its own
audit rows, so that it can be taken back too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import psycopg
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from apps.audit.exceptions import UndoError
from apps.audit.models import AuditEvent
from apps.audit.services.holding import hold
from apps.audit.services.places import sites_of
from apps.audit.services.runs import Told, runs_of, take_back
from apps.core.access import NOWHERE, RECORDS, Access, Scope

MOST_UNDONE = 100_000
"""How many rows of the trail are taken back at once: a matter of seconds, which a page may take."""
_LONGEST = timedelta(hours=1)
"""The button stands on the next page only; an older address is no way around today's roles."""
_PEOPLE = frozenset({"accounts_user", "accounts_rolegrant"})
"""Never taken back: what somebody might give was asked when it was given."""
_BUSY = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
)


@transaction.atomic
def undo(request_id: str, *, actor: str, access: Access, since: timedelta = _LONGEST) -> int:
    """Take back what the actor changed in one request; return how many rows.

    Args:
        request_id: as the audit trail has it.
        actor: who asks; only their own changes are taken back.
        access: they must be allowed to change every row concerned, at all of its sites as they
            are now.
        since: how long ago it may have been.

    Raises:
        UndoError: there is nothing to take back or too much, it is not theirs, or a row was
            changed since.
    """
    events = _newest_first(request_id, actor, since)
    _check(events, access)
    try:
        with transaction.atomic():
            hold(events, request_id)
            for run in runs_of(events):
                take_back(run)
            _check_constraints()
    except IntegrityError as error:
        raise UndoError("Something else refers to it or took its place since.") from error
    except OperationalError as error:
        if isinstance(error.__cause__, _BUSY):
            raise UndoError("Somebody is changing the same at this moment; try again.") from error
        raise
    return len(events)


def _newest_first(request_id: str, actor: str, since: timedelta) -> list[Told]:
    rows = AuditEvent.objects.filter(
        request_id=request_id,
        actor=actor,
        action__in=("insert", "update", "delete"),
        at__gte=Now() - since,
    )
    # Sorted by the bare key, PostgreSQL may walk the whole trail backwards instead of the hour.
    ordered = rows.order_by((F("id") + 0).desc())
    columns = ordered.values_list("id", "entity", "entity_id", "action")
    return [Told(*row) for row in columns[: MOST_UNDONE + 1]]


def _check(events: Sequence[Told], access: Access) -> None:
    if not events:
        raise UndoError("There is nothing of yours to take back here.")
    if len(events) > MOST_UNDONE:
        raise UndoError(f"More than {MOST_UNDONE:,} rows were changed; Undo takes back no more.")
    scopes = {table: _scope(table, access) for table in {event.table for event in events}}
    placed = [event for event in events if not scopes[event.table].everywhere]
    if not placed:
        return
    sites = sites_of([event.id for event in events])
    if not all(scopes[event.table].changes(sites[event.id]) for event in placed):
        raise UndoError("This cannot be taken back.")


def _scope(table: str, access: Access) -> Scope:
    """Return where the table's rows may be taken back."""
    guarded = RECORDS.get(table)
    if guarded is None or guarded.change is None or table in _PEOPLE:
        return NOWHERE
    return access.scope(guarded.change)


def _check_constraints() -> None:
    """Let the foreign keys speak now: they look at how all rows are in the end."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
