"""Orders without a reader, with their reasons."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from apps.assignment.choices import ReasonChoices
from apps.assignment.models import Unassigned
from apps.catalog.choices import UrgencyChoices

SHOWN = 50


@dataclass(frozen=True, slots=True)
class UnassignedRow:
    """One order of the queue; ``tried_at`` is the latest of ``attempts`` decisions."""

    order_id: int
    study: str
    modality: str
    site: str
    urgency: UrgencyChoices
    reason: ReasonChoices
    reason_text: str
    since: datetime
    tried_at: datetime
    attempts: int
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class UnassignedQueue:
    """The head of the queue, and how many orders there are for each reason."""

    rows: list[UnassignedRow]
    by_reason: list[tuple[ReasonChoices, int]]

    @property
    def total(self) -> int:
        """Return how many orders have no reader."""
        return sum(count for _, count in self.by_reason)

    @property
    def not_shown(self) -> int:
        """Return how many stand behind the rows shown."""
        return max(self.total - len(self.rows), 0)


def unassigned_queue(limit: int = SHOWN) -> UnassignedQueue:
    """Return the queue's head, soonest urgency and longest wait first; traces are not read."""
    rows = (
        Unassigned.objects.select_related("order__site")
        .only(
            *("reason", "reason_text", "since", "tried_at", "attempts", "is_waiting"),
            *("order__accession", "order__modality", "order__urgency", "order__site__name"),
        )
        .order_by("urgency_rank", "since", "order_id")[:limit]
    )
    return UnassignedQueue([_row(row) for row in rows], _counts())


def _counts() -> list[tuple[ReasonChoices, int]]:
    counted = Unassigned.objects.values_list("reason").annotate(orders=Count("order"))
    reasons = Counter({ReasonChoices(reason): orders for reason, orders in counted})
    return sorted(reasons.items(), key=lambda item: (-item[1], item[0].value))


def _row(row: Unassigned) -> UnassignedRow:
    order = row.order
    return UnassignedRow(
        order_id=order.pk,
        study=order.accession,
        modality=order.modality,
        site=order.site.name if order.site else "",
        urgency=UrgencyChoices(order.urgency),
        reason=ReasonChoices(row.reason),
        reason_text=row.reason_text,
        since=row.since,
        tried_at=row.tried_at,
        attempts=row.attempts,
        is_waiting=row.is_waiting,
    )
