"""What a referring provider ordered, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from apps.assignment.models import Assignment
from apps.assignment.queries.rows import StudyRow, study_row
from apps.core.access import Scope
from apps.core.paging import Page, page_of
from apps.orders.models import Order


@dataclass(frozen=True, slots=True)
class OrderedRow:
    """An order of theirs; ``reader`` is the name of who reads or read it, empty for nobody yet."""

    study: StudyRow
    reader: str


def ordered(
    provider_id: str,
    *,
    words: str,
    scope: Scope,
    at: datetime,
    zone: tzinfo,
    number: int,
) -> Page[OrderedRow]:
    """Return one page of the provider's orders, the latest first, by order_by_provider.

    Args:
        provider_id: as messages name them, ORC-12.1 or OBR-16.1; empty finds nothing.
        words: an accession or the beginning of one; empty narrows nothing.
        scope: the sites at which they may follow orders.
        at: the moment.
        zone: of the words that say when a report is due.
        number: the page, from 1.
    """
    # A later message may have named another provider without an id; then the text tells.
    rows = Order.objects.filter(
        ordering_provider_id=provider_id, ordering_provider__startswith=provider_id
    )
    rows = scope.limit(rows.exclude(ordering_provider_id=""))
    if words:
        rows = rows.filter(accession__istartswith=words)
    rows = rows.select_related("site", "procedure").defer("indication")
    page = page_of(rows.order_by("-received_at", "-pk"), number)
    readers = _readers([order.pk for order in page.rows])
    shown = [_row(order, readers.get(order.pk), at, zone) for order in page.rows]
    return Page(shown, page.number, page.has_next)


def _readers(order_ids: list[int]) -> dict[int, Assignment]:
    rows = Assignment.objects.filter(order__in=order_ids, is_current=True)
    return {row.order_id: row for row in rows.select_related("radiologist").defer("trace")}


def _row(order: Order, assignment: Assignment | None, at: datetime, zone: tzinfo) -> OrderedRow:
    reader = assignment.radiologist.full_name if assignment else ""
    return OrderedRow(study_row(order, assignment, at=at, zone=zone), reader)
