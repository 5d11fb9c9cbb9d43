"""Whether the board has changed since it was last shown, at the cost of a few index look-ups."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import connection

from apps.dashboard.days import Day

# Every change to an order, assignment or configuration leaves an audit row, so the newest id
# tells. A retry that changes nothing but its time leaves none; the queue's rows are few.
_SQL = """
    SELECT (SELECT max(id) FROM audit_auditevent),
           (SELECT max(id) FROM assignment_assignment),
           (SELECT max(id) FROM assignment_ledgerentry),
           (SELECT count(*) FROM assignment_unassigned),
           (SELECT max(tried_at) FROM assignment_unassigned)
"""


def board_version(day: Day, *, at: datetime) -> str:
    """Return a short text that differs when the board does.

    It holds the minute, because waiting times are shown in minutes, and because a row whose id
    was drawn early may be committed after a later one: at worst it is seen a minute late.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SQL)
        newest = cursor.fetchone()
    seen = f"{day.on}|{at:%Y-%m-%dT%H:%M}|{newest}"
    return hashlib.blake2b(seen.encode(), digest_size=8).hexdigest()
