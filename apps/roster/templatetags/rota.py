"""Tags of the roster's pages: runs of shifts on somebody's clock, dates and people in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django import template

from apps.roster.choices import OverrideKind
from apps.roster.effects.roster import day_words, span_words
from apps.roster.hours import Span, without
from apps.roster.models import Radiologist, RosterAssignment, RosterOverride
from apps.roster.queries.plan import Run, Seat
from apps.roster.queries.records import TakingTurns
from apps.roster.words import length_words

register = template.Library()

_WHOLE_DAY = timedelta(days=1)


@register.filter
def run_hours(run: Run, zone: str) -> str:
    """Return start and end on a zone's clock: ``19:00 to 07:00``, ``24 h from 07:00``."""
    return _run_hours(run.start_at, run.end_at, zone)


@lru_cache(maxsize=8192)
def _run_hours(start_at: datetime, end_at: datetime, zone: str) -> str:
    start, end = (at.astimezone(ZoneInfo(zone)) for at in (start_at, end_at))
    if end_at - start_at == _WHOLE_DAY and start.time() == end.time():
        return f"24 h from {start:%H:%M}"
    return f"{start:%H:%M} to {end:%H:%M}"


@register.filter
def length_note(run: Run) -> str:
    """Return how long a run lasts where the clocks change in it, else nothing."""
    if run.length == run.usual_length:
        return ""
    length, usual = length_words(run.length), length_words(run.usual_length)
    return "" if length == usual else f"{length} instead of {usual}: the clocks change"


@register.filter
def length(run: Run) -> str:
    """Return how long a run lasts."""
    return length_words(run.length)


@register.filter
def hours(span: timedelta) -> str:
    """Return a length of time: ``37 h 30 min``."""
    return length_words(span)


@register.filter
def day(on: date) -> str:
    """Return ``Wed 4 Feb``."""
    return day_words(on)


@register.filter
def dates(record: RosterAssignment | RosterOverride) -> str:
    """Return a record's dates in words."""
    return span_words(record.start_date, record.end_date)


@register.filter
def reason(seat: Seat) -> str:
    """Return why somebody is meant to be on a run, as a sentence without its end."""
    source = seat.source
    if isinstance(source, RosterAssignment):
        return f"By the roster, {span_words(source.start_date, source.end_date)}"
    between = span_words(source.start_date, source.end_date)
    if isinstance(source, TakingTurns):
        return f"By turns in {source.rotation}, {between}"
    if source.taker is not None:
        return f"Swap: instead of {source.radiologist.full_name}, {between}"
    return f"Extra turn, {between}"


@register.filter
def part_of(seat: Seat, run: Run) -> str:
    """Return the hours of a run for which somebody is there, empty where it is all of it."""
    here = without(seat.hours, seat.away)
    if not here or here == [Span(run.start_at, run.end_at)]:
        return ""
    return ", ".join(clock_of(span, run.shift.time_zone) for span in here)


@register.filter
def clock_of(span: Span, zone: str) -> str:
    """Return two moments on a zone's clock: ``19:00 to 07:00``."""
    start, end = (at.astimezone(ZoneInfo(zone)) for at in span)
    return f"{start:%H:%M} to {end:%H:%M}"


@register.filter
def away_tag(record: RosterOverride) -> str:
    """Return that somebody is away, in a word or two: ``On leave``, ``Other work``."""
    is_leave = record.kind == OverrideKind.LEAVE
    return "On leave" if is_leave else str(record.get_kind_display())


@register.filter
def initials(person: Radiologist, known: Mapping[str, str]) -> str:
    """Return a person's initials as they are on this page."""
    return known[person.pk]


@register.filter
def standing(record: RosterAssignment | RosterOverride, today: date) -> Sequence[str]:
    """Return whether a record counts now: a word, a symbol and a tone for the tag."""
    if record.status != "active":
        return ("Cancelled", "block", "calm")
    if record.start_date > today:
        return ("Later", "schedule", "calm")
    if record.end_date is not None and record.end_date < today:
        return ("Past", "history", "calm")
    return ("Now", "play_arrow", "good")
