"""The one lock under which assignments change.

Every path that changes an assignment takes it first: orders, cancels, results, people, clocks.
It makes capacity exact with plain arithmetic and deadlocks rare. Order after it: order rows,
then workload rows, each by id.
"""

from __future__ import annotations

from apps.core import bulk

ASSIGNMENT_LOCK = 0x7261_6461  # "rada"

LOCK_QUERY: bulk.Query = ("SELECT pg_advisory_xact_lock(%s)", [ASSIGNMENT_LOCK])
"""Waits for the lock; it is held until the surrounding transaction ends."""


def take_assignment_lock() -> None:
    """Wait for the lock, in the current transaction."""
    bulk.select(*LOCK_QUERY)
