"""Everybody's load at a moment, read without the assignment lock.

The deciders keep a copy of the ledger that is exact only under the lock; who only looks asks
the database for the last hour instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.ledger import HOUR, PassingLedger
from apps.assignment.snapshot.loads import LoadReader
from apps.assignment.snapshot.versions import read_versions
from apps.core import bulk
from apps.engine.codes import Presence
from apps.engine.facts import Workload
from apps.roster.presence import presence_at

_LOADS = """
    SELECT load.radiologist_id, load.presence, load.busy_until, load.open_stat, load.open_urgent,
           load.open_routine, load.open_rvu, coalesce(hour.made, 0), coalesce(hour.rvu, 0)
    FROM roster_workload load
    LEFT JOIN (
        SELECT radiologist_id, count(*) AS made, sum(rvu) AS rvu FROM assignment_ledgerentry
        WHERE kind = 'assigned' AND at > %s AND at <= %s GROUP BY radiologist_id
    ) hour ON hour.radiologist_id = load.radiologist_id
"""


def live_loads(at: datetime) -> Mapping[str, Workload]:
    """Return what counts against limits, by radiologist id; nothing of paces and turns."""
    return {row[0]: _load(at, *row) for row in bulk.select(_LOADS, [at - HOUR, at])}


def whole_loads(at: datetime) -> Mapping[str, Workload]:
    """Return everything that a decision of this moment would count, by radiologist id.

    With it come paces, turns, and what each was given in the hours worked on their duty.
    """
    versions = read_versions()
    compiled = current_view(versions).compiled
    reader = LoadReader(at=at, ledger=PassingLedger())
    bulk.run_errands(reader.errands(compiled))
    return reader.book(compiled, versions).loads


def _load(
    at: datetime, radiologist: str, said: str, until: datetime | None, *figures: Any
) -> Workload:
    stat, urgent, routine, open_rvu, made, made_rvu = figures
    presence = presence_at(said, until, at)
    return Workload(
        radiologist=radiologist,
        presence=presence,
        busy_until=until if presence is Presence.BUSY else None,
        open_by_urgency=(stat, urgent, routine),
        open_rvu=open_rvu,
        assigned_last_hour=made,
        rvu_last_hour=made_rvu,
    )
