"""How hours of work and units are said: in hours, however many."""

from __future__ import annotations

from datetime import timedelta

from django import template

register = template.Library()

_MINUTE = timedelta(minutes=1)


@register.filter
def hours(value: timedelta) -> str:
    """Return a span in hours and minutes: ``24 h``, ``2 h 38 min``, ``0 min``."""
    whole, minutes = divmod(max(value // _MINUTE, 0), 60)
    said = [f"{whole} h"] if whole else []
    return " ".join([*said, *([f"{minutes} min"] if minutes or not whole else [])])
