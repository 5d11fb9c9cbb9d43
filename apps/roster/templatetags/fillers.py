"""Filters of the list of who could take a turn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django import template

from apps.roster.hours import Span
from apps.roster.words import run_words

register = template.Library()

_ICONS: Mapping[str, str] = {
    "good": "check_circle",
    "note": "info",
    "warn": "warning",
    "alarm": "block",
}


@register.filter
def span_on(span: Span, zone: str) -> str:
    """Return a span on a zone's clock: ``Thu 5 Feb 22:00 to Fri 06:00``."""
    return run_words(span.start_at, span.end_at, zone)


@register.filter
def clock_in(at: datetime, zone: str) -> str:
    """Return what a zone's clock shows, as a field for a time takes it."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


@register.filter
def reason_icon(tone: str) -> str:
    """Return the shape that stands before a reason."""
    return _ICONS[tone]
