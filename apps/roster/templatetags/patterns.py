"""Tags that say in words on which days, weeks and hours records of the roster hold."""

from __future__ import annotations

from django import template

from apps.roster.models import PlannedGap, RosterAssignment, RosterOverride, Rotation, SwapRequest
from apps.roster.patterns import part_words, pattern_words
from apps.roster.words import counted, hours_words

register = template.Library()

_UNITS = {"weeks": "week", "days": "day", "runs": "run"}


@register.filter
def pattern(record: RosterAssignment | PlannedGap) -> str:
    """Return the weekdays and weeks of a record in words; empty where it is every day."""
    every_weeks = record.every_weeks if isinstance(record, RosterAssignment) else 1
    return pattern_words(record.weekdays, every_weeks)


@register.filter
def turn_length(rotation: Rotation) -> str:
    """Return how long a turn lasts, and on which weekdays: ``1 week, Mon to Fri``."""
    length = counted(rotation.length, _UNITS[rotation.unit])
    return ", ".join(filter(None, (length, pattern_words(rotation.weekdays))))


@register.filter
def part(record: RosterOverride | SwapRequest) -> str:
    """Return the hours of a record with the zone they are in; empty where it is all day."""
    zone = record.shift.time_zone if record.shift is not None else ""
    if isinstance(record, RosterOverride):
        zone = zone or record.time_zone
    return part_words(record.start_local, record.end_local, zone)


@register.filter
def shift_hours(record: SwapRequest) -> str:
    """Return the hours of a record's shift with their zone."""
    shift = record.shift
    return f"{hours_words(shift.start_local, shift.end_local)} in {shift.time_zone}"
