"""Tags of the board: its figures, and rows that are rendered once for everybody."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.dashboard.lens import Lens
from apps.dashboard.links import link
from apps.dashboard.queries.figures import Figures

register = template.Library()

_ROWS_KEPT = 8192
_MIDDAY = time(12)


@register.simple_tag(takes_context=True)
def shared_row(context: template.Context, name: str, row: Hashable) -> SafeString:
    """Show a row by its template; what says the same is not rendered a second time.

    Args:
        context: has the board's ``lens`` and its moment ``at``.
        name: of the template ``dashboard/rows/NAME.html``, which gets ``row`` and ``at``.
        row: frozen; says everything that is shown, and of the moment only the day matters.
    """
    lens: Lens = context["lens"]
    return _row(name, row, lens.zone, timezone.localdate(context["at"], lens.zone))


@lru_cache(maxsize=_ROWS_KEPT)
def _row(name: str, row: Hashable, zone: ZoneInfo, on: date) -> SafeString:
    at = datetime.combine(on, _MIDDAY, tzinfo=zone)
    return render_to_string(f"dashboard/rows/{name}.html", {"row": row, "at": at})


@register.simple_tag(takes_context=True)
def list_of(context: template.Context, url_name: str, **asked: str) -> str:
    """Return the address of a list, narrowed as the board is and by what is asked."""
    return link(url_name, context["lens"], **asked)


@register.inclusion_tag("components/figure.html", takes_context=True)
def assignments_figure(context: template.Context, figures: Figures) -> dict[str, object]:
    """Show how many assignments were made today."""
    return {
        "label": "Assignments today",
        "value": f"{figures.assignments:,}",
        "note": "since midnight",
        "href": link("assignments", context["lens"], period="today"),
    }


@register.inclusion_tag("components/figure.html", takes_context=True)
def sla_figure(context: template.Context, figures: Figures) -> dict[str, object]:
    """Show the share of today's reports that were on time; behind it those that were not."""
    still_open = f"{figures.reports_open:,} still open" if figures.reports_open else ""
    counted = f"{figures.reports_on_time:,} of {figures.reports_due:,} due so far"
    parts = (counted if figures.reports_due else "no report due so far", still_open)
    return {
        "label": "SLA compliance",
        "value": figures.sla_percent,
        "unit": "%",
        "note": ", ".join(part for part in parts if part),
        "tone": "warn" if figures.reports_late else "",
        "href": link("assignments", context["lens"], state="late_today"),
    }


@register.inclusion_tag("components/figure.html", takes_context=True)
def escalations_figure(context: template.Context, figures: Figures) -> dict[str, object]:
    """Show how many assignments of today were escalated."""
    return {
        "label": "Escalations today",
        "value": f"{figures.escalations:,}",
        "note": "widened or past the SLA",
        "tone": "warn" if figures.escalations else "",
        "href": link("assignments", context["lens"], period="today", escalated="1"),
    }


@register.inclusion_tag("components/figure.html", takes_context=True)
def latency_figure(context: template.Context, figures: Figures) -> dict[str, object]:
    """Show how long orders waited for their first assignment."""
    mean = figures.mean_latency_ms
    return {
        "label": "Mean latency",
        "value": None if mean is None else f"{mean:,.0f}",
        "unit": "ms",
        "note": "received to committed",
        "href": link("assignments", context["lens"], period="today"),
    }


@register.inclusion_tag("components/figure.html", takes_context=True)
def unassigned_figure(context: template.Context, figures: Figures) -> dict[str, object]:
    """Show how many orders have no reader now."""
    now = figures.unassigned_now
    return {
        "label": "Unassigned now",
        "value": f"{now:,}",
        "note": "waiting for a reader" if now else "every order has a reader",
        "tone": "warn" if now else "",
        "href": link("unassigned", context["lens"]),
    }


@register.inclusion_tag("components/figure.html", takes_context=True)
def overdue_figure(context: template.Context, figures: Figures) -> dict[str, object]:
    """Show how many reports are overdue now."""
    return {
        "label": "Overdue now",
        "value": f"{figures.overdue:,}",
        "note": "report past its due time",
        "tone": "alarm" if figures.overdue else "",
        "href": link("assignments", context["lens"], state="overdue"),
    }
