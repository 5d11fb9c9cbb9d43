"""Removes what many orders were decided from together, once no decision needs it any more.

Each batch and each retry that OPTIMAL decides keeps one basis. A retry in vain leaves the basis of
the one before it to nobody, so that most of what is kept goes again within a day; the rest goes
with its age. A decision whose basis is gone still says in its trace what it came to and why.
Source: ADR 26.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from apps.assignment.snapshot.basis import BURST
from apps.core import bulk
from apps.core.queue import slices

KEPT_FOR = timedelta(days=400)
"""How long decisions that were made together can be made again: a year and what asks after it."""
_LOOKED_BACK = timedelta(days=8)
_CHUNK = 500


def prune_bursts(at: datetime) -> int:
    """Delete the bases of bursts that are older than ``KEPT_FOR``, or of no decision any more.

    Whether a decision still names one is asked for those of the last days: later than that hardly
    any of them loses its last, and what does goes with its age.

    Args:
        at: now; nothing that was decided then or later is touched.

    Returns:
        How many were deleted.
    """
    old = _all_of(_OLD, [BURST, at - KEPT_FOR])
    return old + _all_of(_OF_NOBODY, [BURST, at - _LOOKED_BACK, at, *[len(BURST) + 1] * 2])


def _all_of(sql: str, parameters: Sequence[Any]) -> int:
    """Run a statement that deletes some until it finds no more; each commits by itself."""
    count = 0
    while not slices.is_stopping():
        deleted = bulk.execute(sql, [*parameters, _CHUNK])
        count += deleted
        if deleted < _CHUNK:
            break
    return count


_OLD = """
    DELETE FROM assignment_decisionbasis WHERE id IN (
        SELECT id FROM assignment_decisionbasis
        WHERE starts_with(area, %s) AND made_at < %s LIMIT %s)
"""
# A decision is made at its burst's moment, so its row is found by the index of times.
_OF_NOBODY = """
    DELETE FROM assignment_decisionbasis WHERE id IN (
        SELECT basis.id FROM assignment_decisionbasis AS basis
        WHERE starts_with(basis.area, %s) AND basis.made_at >= %s AND basis.made_at < %s
        AND substr(basis.area, %s) NOT IN (
            SELECT trace ->> 'burst' FROM assignment_unassigned
            WHERE trace ->> 'burst' IS NOT NULL)
        AND NOT EXISTS (
            SELECT FROM assignment_assignment AS made
            WHERE made.assigned_at = basis.made_at
            AND made.trace ->> 'burst' = substr(basis.area, %s))
        LIMIT %s)
"""
