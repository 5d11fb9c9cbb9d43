"""Filters of a reader's list: spans that run down."""

from __future__ import annotations

from datetime import timedelta

from django import template

from apps.core.spans import in_words

register = template.Library()

_MINUTE, _HOUR = 60, 3600


@register.filter
def countdown(seconds: int | None) -> str:
    """Return seconds as a clock that runs down: ``4:12``, ``1:04:12``, over time ``-0:30``."""
    if seconds is None:
        return ""
    hours, rest = divmod(abs(seconds), _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    shown = f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
    return f"-{shown}" if seconds < 0 else shown


@register.filter
def span(value: timedelta | None) -> str | None:
    """Return a span in words, None for none."""
    return None if value is None else in_words(value)
