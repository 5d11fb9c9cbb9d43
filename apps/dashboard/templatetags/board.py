"""Tags of the board's figures."""

from __future__ import annotations

from django import template

from apps.dashboard.queries.figures import Figures

register = template.Library()


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
