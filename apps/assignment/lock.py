"""The one lock under which assignments change.

Every path that changes an assignment takes it first: orders, cancels, results, people, clocks.
It makes capacity exact with plain arithmetic and deadlocks rare. Order after it: order rows,
then workload rows, each by id.
"""

from __future__ import annotations

from django.db import connection

ASSIGNMENT_LOCK = 0x7261_6461  # "rada"


def take_assignment_lock() -> None:
    """Wait for the lock; it is held until the surrounding transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ASSIGNMENT_LOCK])
