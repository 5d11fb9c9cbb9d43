"""Writes a plan: a few statements, whatever its size, in the caller's transaction.

The triggers write the trail and raise the catalogue's version, once for each statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from apps.catalog.models import Procedure, ProcedureAlias
from apps.catalog.services.importing.known import COLUMNS, Known
from apps.catalog.services.importing.plans import Plan, PlannedRow
from apps.core import bulk


def hold_still() -> None:
    """Keep others from writing the procedure table until the transaction ends.

    Reading goes on: no order waits for an import.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "LOCK TABLE catalog_procedure, catalog_procedurealias IN SHARE ROW EXCLUSIVE MODE"
        )


def write(plan: Plan, known: Known) -> None:
    """Add and change what the plan says.

    Args:
        plan: made from ``known``.
        known: the table as it is; held still.
    """
    keys = bulk.next_ids(Procedure, len(plan.new))
    bulk.insert(
        Procedure,
        [{"id": key, **row.values} for key, row in zip(keys, plan.new, strict=True)],
    )
    bulk.update(Procedure, [_whole(row, known) for row in plan.changed if row.values], key="id")
    # First out, then in: a code that only changes its case would meet itself.
    removed = [alias.id for row in plan.changed for alias in row.removed]
    bulk.delete(ProcedureAlias, removed, key="id")
    _add_codes([*zip(keys, plan.new, strict=True), *((row.id, row) for row in plan.changed)])


def _whole(row: PlannedRow, known: Known) -> dict[str, Any]:
    """Return all columns of a procedure as they will be: rows of one statement name the same."""
    if row.id is None:
        raise ValueError("a new procedure is added, not changed")
    old = known.procedures[row.id]
    return {"id": row.id, **{name: row.values.get(name, old[name]) for name in COLUMNS}}


def _add_codes(rows: Sequence[tuple[int | None, PlannedRow]]) -> None:
    wanted = [(owner, code) for owner, row in rows for code in row.added]
    keys = bulk.next_ids(ProcedureAlias, len(wanted))
    bulk.insert(
        ProcedureAlias,
        [
            {
                "id": key,
                "procedure_id": owner,
                "issuer": issuer,
                "coding_system": system,
                "local_code": local,
            }
            for key, (owner, (issuer, system, local)) in zip(keys, wanted, strict=True)
        ],
    )
