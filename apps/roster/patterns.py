"""Weekdays, weeks and hours of records of the roster, in words."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, time

from apps.roster.words import WEEKDAYS, days_words

_ORDINALS = {2: "other", 3: "3rd"}


def weeks_words(every_weeks: int) -> str:
    """Return how often weeks come round: ``every week``, ``every other week``."""
    if every_weeks <= 1:
        return "every week"
    return f"every {_ORDINALS.get(every_weeks, f'{every_weeks}th')} week"


def pattern_words(weekdays: Collection[int], every_weeks: int = 1) -> str:
    """Return when of its dates a record holds, such as ``Mon, Wed, every other week``.

    Empty where it holds on all of them; no weekdays are all.
    """
    is_some = weekdays and len(set(weekdays)) < len(WEEKDAYS)
    days = days_words(weekdays) if is_some else ""
    weeks = weeks_words(every_weeks) if every_weeks > 1 else ""
    return ", ".join(filter(None, (days, weeks)))


def part_words(start_local: time | None, end_local: time | None, zone: str = "") -> str:
    """Return hours as ``13:00 to 15:00``, with their zone where one is given; empty for none."""
    if start_local is None or end_local is None:
        return ""
    # To the same time is a whole day, not nothing.
    next_day = " next day" if end_local <= start_local else ""
    words = f"{start_local:%H:%M} to {end_local:%H:%M}{next_day}"
    return f"{words} in {zone}" if zone else words


def share_hours(
    one: tuple[time | None, time | None], two: tuple[time | None, time | None]
) -> bool:
    """Return whether hours of every day overlap somewhere; None is the whole day."""
    (start, end), (other_start, other_end) = one, two
    if start is None or end is None or other_start is None or other_end is None:
        return True
    first, length = _minute(start), minutes_between(start, end)
    other, other_length = _minute(other_start), minutes_between(other_start, other_end)
    return (other - first) % _DAY < length or (first - other) % _DAY < other_length


def minutes_between(start: time, end: time) -> int:
    """Return how many minutes a clock shows from a time until another; the same is a day."""
    return (_minute(end) - _minute(start)) % _DAY or _DAY


def lies_within(part: tuple[time, time], start_local: time, end_local: time) -> bool:
    """Return whether hours lie wholly within those of a run, which may cross midnight."""
    ahead = (_minute(part[0]) - _minute(start_local)) % _DAY
    return ahead + minutes_between(*part) <= minutes_between(start_local, end_local)


def is_on(weekdays: Collection[int], on: date) -> bool:
    """Return whether a date is one of the weekdays; none are all."""
    return not weekdays or on.isoweekday() in weekdays


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


_DAY = 24 * 60
