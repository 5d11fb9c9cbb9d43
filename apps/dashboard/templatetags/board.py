"""Tags and filters of the pages: a state is always an icon, a word and only then a colour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.db.models import TextChoices
from django.utils import timezone

from apps.assignment.choices import EndReason
from apps.assignment.models import Assignment
from apps.catalog.choices import UrgencyChoices
from apps.dashboard.queries.figures import Figures
from apps.dashboard.queries.recent import RecentRow, status_of
from apps.dashboard.spans import in_words
from apps.orders.choices import OrderStatus
from apps.orders.models import Order

register = template.Library()

Look = tuple[str, str]

_LOOKS: Mapping[OrderStatus | EndReason, Look] = {
    OrderStatus.RECEIVED: ("mark_email_read", "calm"),
    OrderStatus.UNASSIGNED: ("person_off", "alarm"),
    OrderStatus.ASSIGNED: ("assignment_ind", "calm"),
    OrderStatus.ACKNOWLEDGED: ("thumb_up", "calm"),
    OrderStatus.IN_PROGRESS: ("play_circle", "calm"),
    OrderStatus.PRELIMINARY: ("edit_note", "good"),
    OrderStatus.FINAL: ("check_circle", "good"),
    OrderStatus.AMENDED: ("published_with_changes", "good"),
    OrderStatus.HELD: ("pause_circle", "warn"),
    OrderStatus.CANCELLED: ("cancel", "calm"),
    EndReason.REASSIGNED: ("swap_horiz", "calm"),
    EndReason.UNASSIGNED: ("person_off", "warn"),
    EndReason.CANCELLED: ("cancel", "calm"),
    EndReason.REPLACED: ("find_replace", "calm"),
    EndReason.UNFIT: ("person_alert", "warn"),
}
_UNKNOWN: Look = ("help", "calm")
# Half an hour before the report is due there is still time to do something about it.
_CLOSE = timedelta(minutes=30)


@register.inclusion_tag("components/tag.html")
def status(value: OrderStatus | EndReason) -> dict[str, Any]:
    """Show what became of a study or an assignment."""
    icon, tone = _LOOKS.get(value, _UNKNOWN)
    return {"icon": icon, "tone": tone, "label": value.label}


@register.inclusion_tag("components/tag.html")
def assignment_status(assignment: Assignment) -> dict[str, Any]:
    """Show what became of an assignment: the study's status, or why it ended."""
    return status(status_of(assignment))


@register.inclusion_tag("components/tag.html")
def due(row: RecentRow, at: datetime) -> dict[str, Any]:
    """Show the SLA of a study: late, or how long is left; nothing once reported in time."""
    late = row.report_due_at is not None and (row.reported_at or at) > row.report_due_at
    if row.report_due_at is None or _is_out_of_clock(row, is_late=late):
        return {}
    if row.reported_at:
        span = in_words(row.reported_at - row.report_due_at)
        return {"icon": "schedule", "tone": "warn", "label": f"{span} late"}
    if late:
        span = in_words(at - row.report_due_at)
        return {"icon": "alarm", "tone": "alarm", "label": f"{span} overdue"}
    left = row.report_due_at - at
    tone = "warn" if left <= _CLOSE else "calm"
    return {"icon": "schedule", "tone": tone, "label": f"due in {in_words(left, units=1)}"}


def _is_out_of_clock(row: RecentRow, *, is_late: bool) -> bool:
    """Return whether the SLA has nothing left to say of this row."""
    is_closed = row.status is OrderStatus.CANCELLED or isinstance(row.status, EndReason)
    return is_closed or (row.reported_at is not None and not is_late)


@register.inclusion_tag("components/urgency.html")
def urgency(value: TextChoices) -> dict[str, Any]:
    """Show STAT, Urgent or Routine."""
    return {"urgency": value}


@register.inclusion_tag("components/urgency.html")
def order_urgency(order: Order) -> dict[str, Any]:
    """Show an order's urgency."""
    return {"urgency": UrgencyChoices(order.urgency)}


@register.inclusion_tag("components/moment.html")
def moment(value: datetime, at: datetime) -> dict[str, str]:
    """Show a moment on the viewer's clock; its date too when that is not today."""
    local, today = timezone.localtime(value), timezone.localtime(at).date()
    clock = f"{local:%H:%M:%S}"
    short = clock if local.date() == today else f"{local.day} {local:%b} {clock[:5]}"
    return {
        "short": short,
        "full": f"{local:%A} {local.day} {local:%B %Y %H:%M:%S %Z}",
        "iso": local.isoformat(),
    }


@register.filter
def lasting(since: datetime, at: datetime) -> str:
    """Return how long something lasts already."""
    return in_words(at - since)


@register.inclusion_tag("components/figure.html")
def figure(
    label: str, value: object, *, note: str = "", unit: str = "", tone: str = ""
) -> dict[str, object]:
    """Show one figure with what it counts."""
    return {"label": label, "value": value, "note": note, "unit": unit, "tone": tone}


@register.inclusion_tag("components/figure.html")
def sla_figure(figures: Figures) -> dict[str, object]:
    """Show the share of today's reports that were on time."""
    still_open = f"{figures.reports_open} still open" if figures.reports_open else ""
    counted = f"{figures.reports_on_time} of {figures.reports_due} due so far"
    parts = (counted if figures.reports_due else "no report due so far", still_open)
    return {
        "label": "SLA compliance",
        "value": figures.sla_percent,
        "unit": "%",
        "note": ", ".join(part for part in parts if part),
        "tone": "warn" if figures.reports_late else "",
    }


@register.inclusion_tag("components/figure.html")
def latency_figure(figures: Figures) -> dict[str, object]:
    """Show how long orders waited for their first assignment; the median tells of most."""
    mean, median = figures.mean_latency_ms, figures.median_latency_ms
    return {
        "label": "Mean latency",
        "value": None if mean is None else f"{mean:,.0f}",
        "unit": "ms",
        "note": "received to committed" + ("" if median is None else f"; median {median:,.0f} ms"),
    }
