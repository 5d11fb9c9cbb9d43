"""Tags that show studies and assignments: a state is an icon, a word and only then a colour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template

from apps.assignment.choices import EndReason
from apps.assignment.models import Assignment
from apps.assignment.queries.status import status_of
from apps.catalog.choices import UrgencyChoices
from apps.core.spans import in_words
from apps.orders.choices import OrderStatus

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
    EndReason.NOT_ACKNOWLEDGED: ("notifications_off", "warn"),
    EndReason.HANDED_BACK: ("undo", "warn"),
    EndReason.OVERDUE: ("alarm", "warn"),
}
_UNKNOWN: Look = ("help", "calm")
# Half an hour before the report is due there is still time to do something about it.
_CLOSE = timedelta(minutes=30)


@register.inclusion_tag("components/tag.html")
def status(value: OrderStatus | EndReason | str) -> dict[str, Any]:
    """Show what became of a study or an assignment."""
    known = value if isinstance(value, EndReason) else OrderStatus(value)
    icon, tone = _LOOKS.get(known, _UNKNOWN)
    return {"icon": icon, "tone": tone, "label": known.label}


@register.inclusion_tag("components/tag.html")
def assignment_status(assignment: Assignment) -> dict[str, Any]:
    """Show what became of an assignment: the study's status, or why it ended."""
    return status(status_of(assignment))


@register.inclusion_tag("components/urgency.html")
def urgency(value: str) -> dict[str, Any]:
    """Show STAT, Urgent or Routine."""
    return {"urgency": UrgencyChoices(value)}


@register.inclusion_tag("components/tag.html")
def due(
    due_at: datetime | None,
    at: datetime,
    *,
    reported_at: datetime | None = None,
    closed: bool = False,
    title: str = "",
) -> dict[str, Any]:
    """Show what the SLA says of a study: how long is left, or how late it is or was.

    Args:
        due_at: when the report is due; None shows nothing.
        at: the moment of the page.
        reported_at: when the report came; in time it leaves nothing to say.
        closed: whether the clock has stopped for good (cancelled, or no longer this reader's).
        title: the arithmetic, shown on hover.
    """
    is_late = due_at is not None and (reported_at or at) > due_at
    if due_at is None or closed or (reported_at is not None and not is_late):
        return {}
    icon, tone, label = _due(due_at, at, reported_at, is_late=is_late)
    return {"icon": icon, "tone": tone, "label": label, "title": title}


def _due(
    due_at: datetime, at: datetime, reported_at: datetime | None, *, is_late: bool
) -> tuple[str, str, str]:
    if reported_at is not None:
        return "schedule", "warn", f"{in_words(reported_at - due_at)} late"
    if is_late:
        return "alarm", "alarm", f"{in_words(at - due_at)} overdue"
    left = due_at - at
    tone = "warn" if left <= _CLOSE else "calm"
    return "schedule", tone, f"due in {in_words(left, units=1)}"


@register.filter
def taking(milliseconds: int) -> str:
    """Return how long something took: ``0.3 s``, ``5 min``."""
    if milliseconds < _SHORTEST_MS:
        return "under 0.1 s"
    if milliseconds < _MINUTE_MS:
        return f"{milliseconds / 1000:.1f}".removesuffix(".0") + " s"
    return in_words(timedelta(milliseconds=milliseconds))


_SHORTEST_MS, _MINUTE_MS = 100, 60_000
