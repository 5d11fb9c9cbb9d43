"""Tags of the roster's pages: runs of shifts on somebody's clock, dates in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo

from django import template
from django.urls import reverse

from apps.roster.effects.roster import day_words, span_words
from apps.roster.models import RosterAssignment, RosterOverride
from apps.roster.queries.plan import Run, Seat
from apps.roster.queries.week import Cell, Line, Week
from apps.roster.words import length_words

register = template.Library()

_NAMES = 4
_WHOLE_DAY = timedelta(days=1)
_NOTES = {"row": "", "swap": "swap", "extra": "extra turn"}


@dataclass(frozen=True, slots=True)
class Name:
    """A person in a cell; the note says why they are there or not, in a word.

    On a person's own line the name is empty, and so is the whole where there is no note.
    """

    short: str
    note: str
    is_present: bool


class Chip(TypedDict):
    """What a chip's template writes."""

    href: str
    person: str
    title: str
    names_shift: bool
    day: str
    hours: str
    length: str
    state: str
    bare: str
    names: Sequence[Name]
    more: int


@register.inclusion_tag("roster/_run_chip.html")
def run_chip(run: Run, week: Week, cell: Cell, line: Line, at: datetime, back: str) -> Chip:
    """Show a run in its cell, from the side of its shift, of a person or of nobody.

    A week may hold a thousand of them, so all is worked out here and the template only writes.

    Args:
        run: what is shown.
        week: on whose clock.
        cell: on which day.
        line: whose cell it is.
        at: decides what is past or under way.
        back: the week's address to return to, encoded for a query.
    """
    person = line.person
    seats = [seat for seat in run.seats if person is None or seat.person.pk == person.pk]
    address = reverse("roster-run", args=[run.shift.pk, run.start_on])
    return {
        "href": f"{address}?back={back}",
        "person": person.full_name if person is not None else "",
        "title": run.shift.name,
        "names_shift": line.shift is None,
        "day": cell.day.label,
        "hours": run_hours(run, week.zone),
        "length": length_note(run),
        "state": _state(run, at),
        "bare": "" if run.is_covered else "Nobody there" if run.seats else "Nobody",
        "names": [_name(seat, is_own=person is not None) for seat in seats[:_NAMES]],
        "more": max(len(seats) - _NAMES, 0),
    }


@register.filter
def run_hours(run: Run, zone: str) -> str:
    """Return start and end on a zone's clock: ``19:00 to 07:00``, ``24 h from 07:00``."""
    start, end = (at.astimezone(ZoneInfo(zone)) for at in (run.start_at, run.end_at))
    if run.length == _WHOLE_DAY and start.time() == end.time():
        return f"24 h from {start:%H:%M}"
    return f"{start:%H:%M} to {end:%H:%M}"


@register.filter
def length_note(run: Run) -> str:
    """Return how long a run lasts where the clocks change in it, else nothing."""
    length, usual = length_words(run.length), length_words(run.usual_length)
    return "" if length == usual else f"{length} instead of {usual}: the clocks change"


@register.filter
def length(run: Run) -> str:
    """Return how long a run lasts."""
    return length_words(run.length)


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
    if source.taker is not None:
        return f"Swap: instead of {source.radiologist.full_name}, {between}"
    return f"Extra turn, {between}"


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


def _name(seat: Seat, *, is_own: bool) -> Name:
    person = seat.person
    note = _NOTES[seat.by]
    if seat.leave is not None:
        note = "on leave"
    elif not person.is_active:
        note = "switched off"
    initial = f"{person.given_name[:1]}. " if person.given_name else ""
    return Name("" if is_own else f"{initial}{person.family_name}", note, seat.is_present)


def _state(run: Run, at: datetime) -> str:
    if run.end_at <= at:
        return "past"
    return "now" if run.start_at <= at else "ahead"
