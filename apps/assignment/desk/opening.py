"""Opens a desk: takes the lock, and reads under it what decisions are made from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from apps.assignment.desk.desk import Desk
from apps.assignment.lock import LOCK_QUERY
from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.ledger import LedgerCopy, ledger
from apps.assignment.snapshot.loads import LoadReader
from apps.assignment.snapshot.shadows import asked_beside
from apps.assignment.snapshot.versions import VERSIONS_QUERY
from apps.core import bulk


def open_desk(
    *,
    at: datetime,
    actor: str,
    along: Iterable[bulk.Errand] = (),
    lines: LedgerCopy | None = None,
) -> Desk:
    """Take the assignment lock and return a desk; call it inside a transaction.

    Args:
        at: the moment of everything that happens at the desk, aware.
        actor: who the audit lines name.
        along: queries of the caller's to run in the same round trip, under the lock.
        lines: a copy of the ledger for this desk alone, None for the process's, which must see
            nothing that is not committed.
    """
    versions: dict[str, int] = {}
    reader = LoadReader(at=at, ledger=lines or ledger())
    guess = current_view()
    bulk.run_errands(
        [
            (LOCK_QUERY, _drop),
            (VERSIONS_QUERY, versions.update),
            *reader.errands(guess.compiled, asked_beside(guess.shadows)),
            *along,
        ]
    )
    view = current_view(versions)
    if view is not guess:
        bulk.run_errands(reader.other_errands(view.compiled, asked_beside(view.shadows)))
    book = reader.book(view.compiled, versions)
    return Desk(at=at, view=view, book=book, actor=actor, versions=versions)


def _drop(rows: list[tuple[object, ...]]) -> None:
    """Take the rows of a query that is run for its effect."""
