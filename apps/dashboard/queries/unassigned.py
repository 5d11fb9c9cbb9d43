"""Orders without a reader, with their reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.assignment.choices import ReasonChoices
from apps.catalog.choices import UrgencyChoices
from apps.core import bulk
from apps.core.spans import in_words
from apps.dashboard.lens import Lens

SHOWN = 10
_LISTED = ReasonChoices.WORKLIST.value


@dataclass(frozen=True, slots=True)
class UnassignedRow:
    """One order of the queue; ``waiting`` says for how long, to the minute."""

    order_id: int
    study: str
    modality: str
    body_part: str
    site: str
    urgency: UrgencyChoices
    reason: ReasonChoices
    reason_text: str
    waiting: str
    is_waiting: bool


def unassigned_head(lens: Lens, *, at: datetime, limit: int = SHOWN) -> list[UnassignedRow]:
    """Return the queue's head, soonest urgency and longest wait first; traces are not read.

    What waits on a list of several readers is not among them: it is where it should be.
    """
    seen, values = lens.sql("o")
    sql = f"""
        SELECT o.id, o.accession, o.modality, o.body_part, coalesce(site.name, ''), o.urgency,
               u.reason, u.reason_text, u.since, u.is_waiting
        FROM assignment_unassigned u JOIN orders_order o ON o.id = u.order_id
        LEFT JOIN catalog_site site ON site.id = o.site_id
        WHERE {seen} AND u.reason <> %s ORDER BY u.urgency_rank, u.since, u.order_id LIMIT %s
    """  # noqa: S608 -- made of our own words
    return [_row(at, *row) for row in bulk.select(sql, [*values, _LISTED, limit])]


def _row(at: datetime, order_id: int, *columns: Any) -> UnassignedRow:
    study, modality, body_part, site, urgency, reason, reason_text, since, is_waiting = columns
    return UnassignedRow(
        order_id=order_id,
        study=study,
        modality=modality,
        body_part=body_part,
        site=site,
        urgency=UrgencyChoices(urgency),
        reason=ReasonChoices(reason),
        reason_text=reason_text,
        waiting=in_words(at - since),
        is_waiting=is_waiting,
    )
