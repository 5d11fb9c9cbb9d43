"""What must happen at a time: rows taken when due, by one worker, exactly once.

A handler and the end of its row are one transaction. So a crash leaves the row for the next
worker, and two watchers never do one thing twice: the second skips the locked row.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from apps.core import bulk, clock
from apps.core.failures import describe

log = logging.getLogger(__name__)

# Kept in the payload of a row whose handler failed; gone with the next schedule_due.
_FAILURES = "_failures"
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=10)
_UPSERT = """
    INSERT INTO core_duetime (kind, subject, due_at, payload)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::jsonb[])
    ON CONFLICT (kind, subject)
    DO UPDATE SET due_at = EXCLUDED.due_at, payload = EXCLUDED.payload
"""
_UPSERT_EARLIER = """
    INSERT INTO core_duetime (kind, subject, due_at, payload) VALUES (%s, %s, %s, '{}')
    ON CONFLICT (kind, subject)
    DO UPDATE SET due_at = EXCLUDED.due_at WHERE EXCLUDED.due_at < core_duetime.due_at
"""
_CANCEL = """
    DELETE FROM core_duetime
    WHERE (kind, subject) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""
_TAKE = """
    DELETE FROM core_duetime WHERE id = (
        SELECT id FROM core_duetime WHERE due_at <= %s
        ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING kind, subject, due_at, payload
"""
NEAREST = "SELECT min(due_at) FROM core_duetime"


@dataclass(frozen=True, slots=True)
class Due:
    """Something that must happen once at ``due_at``; one for each kind and subject."""

    kind: str
    subject: str
    due_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)


Handler = Callable[[Due, datetime], None]

_handlers: dict[str, Handler] = {}


def register(kind: str, handler: Handler) -> None:
    """Have a handler called with each due row of a kind, and the moment it is run at.

    Called from ``AppConfig.ready``; the later registration stands.
    """
    _handlers[kind] = handler


def schedule_due(
    kind: str, subject: str, due_at: datetime, payload: Mapping[str, Any] | None = None
) -> None:
    """Have it happen at ``due_at``, in place of whatever was set for the kind and subject."""
    schedule_many([Due(kind, subject, due_at, payload or {})])


def schedule_by(kind: str, subject: str, due_at: datetime) -> None:
    """Have it happen at ``due_at`` or at the earlier time that is set for it.

    May be called within a round trip.
    """
    bulk.execute(_UPSERT_EARLIER, [kind, subject, due_at])


def schedule_many(rows: Iterable[Due]) -> None:
    """Set many in one statement; of equal kind and subject the last counts."""
    wanted = _in_lock_order({(row.kind, row.subject): row for row in rows})
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            [
                [row.kind for row in wanted],
                [row.subject for row in wanted],
                [row.due_at for row in wanted],
                [json.dumps(dict(row.payload)) for row in wanted],
            ],
        )


def cancel_due(kind: str, subject: str) -> bool:
    """Have it not happen; False where nothing was set."""
    return cancel_many([(kind, subject)]) > 0


def cancel_many(pairs: Iterable[tuple[str, str]]) -> int:
    """Cancel pairs of kind and subject in one statement; return how many were set."""
    unwanted = sorted(set(pairs))
    if not unwanted:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_CANCEL, [[pair[0] for pair in unwanted], [pair[1] for pair in unwanted]])
        return int(cursor.rowcount)


def run_due(at: datetime, limit: int = 100, before: Callable[[], None] | None = None) -> int:
    """Do what is due, the longest overdue first, each in a transaction of its own.

    Args:
        at: the moment; rows due at it or before.
        limit: how many at most.
        before: called first in each transaction, to take the locks that handlers need. A row
            locked before them would be a deadlock with whoever holds them and cancels it.

    Returns:
        How many were taken, also those whose handler failed: they are set for later, never lost.
    """
    for count in range(limit):
        if not _run_one(at, before):
            return count
    return limit


def nearest_due() -> datetime | None:
    """Return when something is due next, or was; None where nothing is set."""
    with connection.cursor() as cursor:
        cursor.execute(NEAREST)
        found: datetime | None = cursor.fetchone()[0]
    return found


def overdue_since() -> datetime | None:
    """Return when the longest overdue should have happened, None where nothing is overdue."""
    nearest = nearest_due()
    return nearest if nearest is not None and nearest <= clock.now() else None


@transaction.atomic
def _run_one(at: datetime, before: Callable[[], None] | None) -> bool:
    if before is not None:
        before()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [at])
        found = cursor.fetchone()
    if found is None:
        return False
    kind, subject, due_at, payload = found
    kept = json.loads(payload)
    failures = int(kept.pop(_FAILURES, 0))
    _handle(Due(kind, subject, due_at, kept), at, failures)
    return True


def _handle(due: Due, at: datetime, failures: int) -> None:
    try:
        with transaction.atomic():
            _handlers[due.kind](due, at)
    except Exception as error:  # noqa: BLE001 -- the rest goes on, and this row is tried again
        what = describe(error)
        log.error("due %s %s failed: %s", due.kind, due.subject, what)  # noqa: TRY400 -- no values
        _postpone(due, at, failures + 1)


def _postpone(due: Due, at: datetime, failures: int) -> None:
    """Set it again, later with each failure."""
    wait = min(_FIRST_WAIT * 2 ** min(failures - 1, 16), _LONGEST_WAIT)
    schedule_due(due.kind, due.subject, at + wait, {**due.payload, _FAILURES: failures})


def _in_lock_order(rows: Mapping[tuple[str, str], Due]) -> list[Due]:
    """Return the rows as every batch locks them, so that two batches never wait in a ring."""
    return [rows[key] for key in sorted(rows)]
