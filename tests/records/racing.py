"""Two people at once: each job in a thread, a connection and a transaction of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import DatabaseError, connection, transaction

_PATIENCE = 10


def race(*jobs: Callable[[], object]) -> list[str]:
    """Run the jobs side by side; return the names of the constraints that refused them, sorted.

    All have begun their transaction before any runs its statement. An empty name is a job that
    was committed.
    """
    start = threading.Barrier(len(jobs), timeout=_PATIENCE)
    outcomes: list[str] = []
    threads = [threading.Thread(target=_run, args=(job, start, outcomes)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE)
    assert len(outcomes) == len(jobs), "a job hangs"
    return sorted(outcomes)


def _run(
    job: Callable[[], object],
    start: threading.Barrier,
    outcomes: list[str],
) -> None:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            start.wait()
            job()
    except DatabaseError as error:
        outcomes.append(constraint_of(error))
    else:
        outcomes.append("")
    finally:
        connection.close()


def constraint_of(error: DatabaseError) -> str:
    """Return the name of the constraint that an error speaks of, else its SQLSTATE."""
    cause = error.__cause__
    diagnostics = getattr(cause, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or getattr(cause, "sqlstate", "") or ""
