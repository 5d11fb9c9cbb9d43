"""How a dated competency stands on a day, in words: valid, not yet, ending, ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from apps.roster.words import counted, day_words

SOON = timedelta(days=60)
"""A renewal takes weeks, so this long before the end it is worth saying."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person sees of it; tone is calm, good, warn or alarm."""

    words: str
    icon: str
    tone: str


def standing(start_on: date | None, end_on: date | None, today: date) -> Standing:
    """Return how something stands that is valid from start to end, both days included."""
    if end_on is not None and end_on < today:
        return Standing(f"ended {day_words(end_on)}", "event_busy", "alarm")
    if start_on is not None and start_on > today:
        return Standing(f"from {day_words(start_on)}", "schedule", "warn")
    if end_on is not None and end_on - today <= SOON:
        left = (end_on - today).days
        when = f"in {counted(left, 'day')}" if left else "today"
        return Standing(f"ends {when}, {day_words(end_on)}", "event_upcoming", "warn")
    if end_on is not None:
        return Standing(f"valid until {day_words(end_on)}", "check_circle", "good")
    return Standing("valid", "check_circle", "good")
