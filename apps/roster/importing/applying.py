"""Writes a plan: a few statements whatever its size, in the caller's transaction.

The triggers write the trail and raise the roster's version, so that the very next decision is
made from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from apps.core import bulk
from apps.roster.choices import OverrideKind, RosterStatus
from apps.roster.importing.plans import Dates, PlannedRow, RosterPlan
from apps.roster.models import RosterAssignment, RosterOverride, RosterSource


def hold_still() -> None:
    """Keep others from writing the roster until the transaction ends; reading goes on.

    The roster's version is raised after the tables are locked, as in every edit.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "LOCK TABLE roster_rosterassignment, roster_rosteroverride IN SHARE ROW EXCLUSIVE MODE"
        )


def write(plan: RosterPlan, source: RosterSource) -> None:
    """Add, change and take away what the plan says.

    Args:
        plan: made while the tables were held still.
        source: whose rows they are.
    """
    rows = [row for row in plan.rows if row.hours is None]
    bulk.delete(RosterAssignment, _ids(row for row in rows if row.after is None), key="id")
    changed = [row for row in rows if row.before is not None and row.after is not None]
    bulk.update(
        RosterAssignment, [{"id": row.id, **_days(row.after)} for row in changed], key="id"
    )
    _add_rows([row for row in rows if row.before is None], source)
    extras = [row for row in plan.rows if row.hours is not None]
    bulk.delete(RosterOverride, _ids(row for row in extras if row.after is None), key="id")
    _add_extras([row for row in extras if row.before is None], source)


def _ids(rows: Iterable[PlannedRow]) -> list[int]:
    return [row.id for row in rows if row.id is not None]


def _days(dates: Dates | None) -> dict[str, Any]:
    if dates is None:
        raise ValueError("a row that goes has no dates")
    return {"start_date": dates.first_on, "end_date": dates.last_on}


def _add_rows(rows: Sequence[PlannedRow], source: RosterSource) -> None:
    keys = bulk.next_ids(RosterAssignment, len(rows))
    bulk.insert(
        RosterAssignment,
        [
            {
                "id": key,
                "shift_id": row.shift_id,
                "radiologist_id": row.person_id,
                **_days(row.after),
                "weekdays": list(row.after.weekdays) if row.after else [],
                "every_weeks": row.after.every_weeks if row.after else 1,
                "status": RosterStatus.ACTIVE.value,
                "source_id": source.pk,
            }
            for key, row in zip(keys, rows, strict=True)
        ],
    )


def _add_extras(rows: Sequence[PlannedRow], source: RosterSource) -> None:
    keys = bulk.next_ids(RosterOverride, len(rows))
    bulk.insert(
        RosterOverride,
        [
            {
                "id": key,
                "kind": OverrideKind.EXTRA.value,
                "shift_id": row.shift_id,
                "radiologist_id": row.person_id,
                **_days(row.after),
                "start_local": row.hours[0].isoformat(),
                "end_local": row.hours[1].isoformat(),
                "time_zone": "",
                "status": RosterStatus.ACTIVE.value,
                "note": f"From {source.name}"[:200],
                "source_id": source.pk,
            }
            for key, row in zip(keys, rows, strict=True)
            if row.hours is not None
        ],
    )
