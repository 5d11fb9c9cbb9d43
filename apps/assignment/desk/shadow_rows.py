"""Writes what the shadows came to, in one statement of the desk's flush.

The first decision of each order is told from a later one by the database, under the assignment
lock that every desk holds. A shadow that is being deleted meanwhile is passed over rather than
waited for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from apps.assignment.desk.shadowing import Compared
from apps.core import bulk

_WRITE = """
    WITH fresh AS MATERIALIZED (
        SELECT * FROM json_to_recordset(%s::json) AS one(
            shadow_id bigint, order_id bigint, at timestamptz, on_date date, site_id bigint,
            modality text, body_part text, rule_id bigint, is_same boolean, may_be_first boolean,
            failed boolean, live jsonb, draft jsonb)
    ), running AS MATERIALIZED (
        SELECT id FROM rules_shadow
        WHERE id IN (SELECT shadow_id FROM fresh) AND state = 'running'
        FOR KEY SHARE SKIP LOCKED
    ), known AS MATERIALIZED (
        SELECT fresh.*, may_be_first AND NOT EXISTS (
            SELECT FROM assignment_shadowresult had
            WHERE had.shadow_id = fresh.shadow_id AND had.order_id = fresh.order_id
              AND had.is_first
        ) AS is_first
        FROM fresh JOIN running ON running.id = fresh.shadow_id
    ), kept AS (
        INSERT INTO assignment_shadowresult
            (shadow_id, order_id, at, is_same, is_first, live, draft)
        SELECT shadow_id, order_id, at, is_same, is_first, live, draft
        FROM known WHERE NOT failed AND (is_first OR NOT is_same)
    )
    INSERT INTO assignment_shadowtally AS counted
        (shadow_id, on_date, site_id, modality, body_part, rule_id,
         decided, agreed, again, failed)
    SELECT shadow_id, on_date, site_id, modality, body_part, rule_id,
           count(*) FILTER (WHERE is_first), count(*) FILTER (WHERE is_first AND is_same),
           count(*) FILTER (WHERE NOT is_first AND NOT is_same AND NOT failed),
           count(*) FILTER (WHERE failed)
    FROM known WHERE is_first OR NOT is_same GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT ON CONSTRAINT one_count_of_a_kind DO UPDATE SET
        decided = counted.decided + EXCLUDED.decided,
        agreed = counted.agreed + EXCLUDED.agreed,
        again = counted.again + EXCLUDED.again,
        failed = counted.failed + EXCLUDED.failed
"""


def write_compared(compared: Sequence[Compared], at: datetime) -> list[int]:
    """Write what was compared at a desk's moment.

    Returns:
        The ids of the shadows that gave no answer somewhere.
    """
    rows = _rows(compared, at)
    if rows:
        bulk.execute(_WRITE, [json.dumps(rows, ensure_ascii=False)])
    return sorted({row["shadow_id"] for row in rows if row["failed"]})


def _rows(compared: Iterable[Compared], at: datetime) -> list[dict[str, Any]]:
    seen: set[tuple[int, int]] = set()
    rows: list[dict[str, Any]] = []
    for one in compared:
        pair = (one.shadow_id, one.case.order.pk)
        rows.append(_row(one, at, may_be_first=pair not in seen))
        if one.draft is not None:
            seen.add(pair)
    return rows


def _row(one: Compared, at: datetime, *, may_be_first: bool) -> dict[str, Any]:
    order, (live, draft) = one.case.order, one.kept()
    return {
        "shadow_id": one.shadow_id,
        "order_id": order.pk,
        "at": at.isoformat(),
        "on_date": one.on.isoformat(),
        "site_id": order.site_id,
        "modality": order.modality,
        "body_part": order.body_part,
        "rule_id": one.live.rule_id or 0,
        "is_same": one.is_same,
        "may_be_first": may_be_first and one.draft is not None,
        "failed": one.draft is None,
        "live": live,
        "draft": draft,
    }
