"""Tags of the lists of studies: headings that may sort, and the action a line offers first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from apps.assignment.policies import Action
from apps.assignment.queries.filters import Period, State, StudyFilter
from apps.assignment.queries.rows import StudyRow
from apps.assignment.queries.waiting import NextStep
from apps.core.access import Access, Scope
from apps.core.templatetags.ui import sort
from apps.orders.choices import OrderStatus

register = template.Library()


@register.inclusion_tag("assignment/_heading.html", takes_context=True)
def heading(context: template.Context, key: str, label: str) -> dict[str, Any]:
    """Show a column's heading; a link only where the list can be sorted by the column."""
    if key not in (context.get("sortable") or ()):
        return {"label": label, "href": ""}
    return sort(context, key, label)


@register.simple_tag
def listed(wanted: StudyFilter, words: str) -> str:
    """Return in words what a list holds, and in which order it stands by itself."""
    if wanted.is_search:
        return f"Known as {words}." if words else "Studies of one patient."
    if wanted.state is State.ANY:
        return f"Assignments made {_PERIODS[wanted.shown_period]}, those that ended too."
    return f"{_STATES[wanted.state]} {_PERIODS[wanted.shown_period]}".rstrip() + "."


@register.simple_tag(takes_context=True)
def step_link(context: template.Context, step: NextStep) -> str:
    """Return what would help, as a link for who may go there."""
    access: Access = context["request"].access
    href = _address(step.url_name, step.key)
    if href and step.permission and access.may(step.permission):
        return format_html('<a href="{}">{}</a>', href, step.words)
    return step.words


@register.filter
def covers(scope: Scope, site_id: int | None) -> bool:
    """Return whether the scope holds the site."""
    return scope.covers(site_id)


@register.filter
def first_action(row: StudyRow) -> str:
    """Return what the line's button says."""
    if row.action is Action.RELEASE:
        return "Release…"
    waits = (OrderStatus.UNASSIGNED, OrderStatus.RECEIVED)
    return "Assign…" if row.status in waits else "Reassign…"


_STATES: Mapping[State, str] = {
    State.OPEN: "Studies that are open, held ones too",
    State.OVERDUE: "Studies whose report is overdue",
    State.DUE_SOON: "Studies whose report is due within 30 minutes",
    State.UNACKNOWLEDGED: "Studies that their reader has to acknowledge yet",
    State.HELD: "Studies that are held",
    State.LATE_TODAY: "Studies due today whose report came late or has not come",
    State.REPORTED: "Studies reported",
    State.CANCELLED: "Studies cancelled that were received",
}
_PERIODS: Mapping[Period, str] = {
    Period.NONE: "",
    Period.ALL: "",
    Period.TODAY: "today",
    Period.DAY: "in the last 24 hours",
    Period.WEEK: "in the last 7 days",
    Period.MONTH: "in the last 30 days",
}


def _address(url_name: str, key: int | None) -> str:
    try:
        return reverse(url_name, args=[] if key is None else [key])
    except NoReverseMatch:
        return ""
