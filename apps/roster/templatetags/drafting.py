"""Words of the drafts' pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django import template

from apps.roster.queries.drafting import sheet

register = template.Library()

_KINDS: Mapping[str, str] = {
    "stands": "in force already",
    "fixed": "fixed by hand",
    "proposed": "proposed",
}


@register.filter
def kind_words(kind: str) -> str:
    """Return how somebody came to a turn of a draft."""
    return _KINDS[kind]


@register.filter
def is_weekend(on: date) -> bool:
    """Return whether a date is a Saturday or Sunday."""
    return sheet.is_weekend(on)


@register.filter
def signed(hours: float) -> str:
    """Return hours with their sign, whole."""
    return f"{hours:+.0f}" if round(hours) else "0"
