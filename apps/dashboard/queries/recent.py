"""The latest assignments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.assignment.choices import EndReason, RecordedStrategy
from apps.assignment.models import Assignment
from apps.assignment.queries.status import status_of
from apps.catalog.choices import UrgencyChoices
from apps.orders.choices import OrderStatus

SHOWN = 25


@dataclass(frozen=True, slots=True)
class RecentRow:
    """One assignment as the board shows it; ``status`` is what the study came to since."""

    id: int
    study: str
    modality: str
    body_part: str
    urgency: UrgencyChoices
    radiologist_id: str
    radiologist_name: str
    shift_code: str
    assigned_at: datetime
    strategy: RecordedStrategy
    is_escalated: bool
    status: OrderStatus | EndReason
    report_due_at: datetime | None
    reported_at: datetime | None

    @property
    def is_closed(self) -> bool:
        """Return whether the SLA has nothing left to say of this row."""
        return self.status is OrderStatus.CANCELLED or isinstance(self.status, EndReason)


def recent_assignments(limit: int = SHOWN) -> list[RecentRow]:
    """Return the latest assignments, newest first; traces are not read."""
    rows = (
        Assignment.objects.select_related("order", "radiologist")
        .only(
            *("urgency", "shift_code", "assigned_at", "strategy", "escalated", "is_current"),
            *("end_reason", "order__accession", "order__modality", "order__body_part"),
            *("order__status", "order__report_due_at", "order__reported_at"),
            *("radiologist__title", "radiologist__given_name", "radiologist__family_name"),
        )
        .order_by("-assigned_at", "-id")[:limit]
    )
    return [_row(assignment) for assignment in rows]


def _row(assignment: Assignment) -> RecentRow:
    order = assignment.order
    return RecentRow(
        id=assignment.pk,
        study=order.accession,
        modality=order.modality,
        body_part=order.body_part,
        urgency=UrgencyChoices(assignment.urgency),
        radiologist_id=assignment.radiologist_id,
        radiologist_name=assignment.radiologist.full_name,
        shift_code=assignment.shift_code,
        assigned_at=assignment.assigned_at,
        strategy=RecordedStrategy(assignment.strategy),
        is_escalated=assignment.escalated,
        status=status_of(assignment),
        report_due_at=order.report_due_at,
        reported_at=order.reported_at,
    )
