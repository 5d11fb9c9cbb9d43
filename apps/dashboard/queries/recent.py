"""The latest assignments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.assignment.choices import EndReason, RecordedStrategy
from apps.catalog.choices import UrgencyChoices
from apps.core import bulk
from apps.dashboard.lens import Lens
from apps.orders.choices import OrderStatus

SHOWN = 15
_RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RecentRow:
    """One assignment as the board shows it; ``status`` is what the study came to since.

    ``shift_name`` is empty off shift and where the shift is gone.
    """

    id: int
    order_id: int
    study: str
    modality: str
    body_part: str
    urgency: UrgencyChoices
    radiologist_id: str
    radiologist_name: str
    shift_code: str
    shift_name: str
    assigned_at: datetime
    strategy: RecordedStrategy
    is_escalated: bool
    status: OrderStatus | EndReason


def recent_assignments(lens: Lens, *, at: datetime, limit: int = SHOWN) -> list[RecentRow]:
    """Return the latest assignments, newest first; traces are not read.

    Where the lens is narrow only those of the last day: a site that makes no mammograms would be
    looked through for one for ever.
    """
    seen, values = lens.sql("o")
    if lens.is_narrow:
        seen, values = f"{seen} AND a.assigned_at >= %s", [*values, at - _RECENT]
    sql = f"""
        SELECT a.id, o.id, o.accession, o.modality, o.body_part, a.urgency, a.radiologist_id,
               concat_ws(' ', nullif(reader.title, ''), nullif(reader.given_name, ''),
                         nullif(reader.family_name, '')),
               a.shift_code, coalesce(shift.name, ''), a.assigned_at, a.strategy, a.escalated, a.is_current, o.status,
               a.end_reason
        FROM assignment_assignment a JOIN orders_order o ON o.id = a.order_id
        JOIN roster_radiologist reader ON reader.id = a.radiologist_id
        LEFT JOIN roster_shift shift ON shift.id = a.shift_id
        WHERE {seen} ORDER BY a.assigned_at DESC, a.id DESC LIMIT %s
    """  # noqa: S608 -- made of our own words
    return [_row(*row) for row in bulk.select(sql, [*values, limit])]


def _row(id_: int, order_id: int, *columns: Any) -> RecentRow:
    study, modality, body_part, urgency, reader_id, reader_name, *rest = columns
    shift_code, shift_name, assigned_at, strategy, is_escalated, *rest = rest
    is_current, status, end_reason = rest
    return RecentRow(
        id=id_,
        order_id=order_id,
        study=study,
        modality=modality,
        body_part=body_part,
        urgency=UrgencyChoices(urgency),
        radiologist_id=reader_id,
        radiologist_name=reader_name,
        shift_code=shift_code,
        shift_name=shift_name,
        assigned_at=assigned_at,
        strategy=RecordedStrategy(strategy),
        is_escalated=is_escalated,
        status=OrderStatus(status) if is_current else EndReason(end_reason),
    )
