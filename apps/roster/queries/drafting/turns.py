"""Runs of shifts as the planner takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from apps.roster.hours import Span
from apps.roster.models import Shift
from apps.roster.planning.facts import Turn
from apps.roster.queries.plan import Plan, Run

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_NIGHT_FROM, _NIGHT_UNTIL = time(23), time(6)
_NIGHT_MINUTES = 180
"""A turn of which so much lies in the night is one of night work."""
_FRIDAY = 5


class RunKey(NamedTuple):
    """A run by its shift and its local start date, though the clocks may cut it in two."""

    shift: int
    on: date


class Manned(NamedTuple):
    """A run with who takes work on it and when."""

    turn: Turn
    people: Mapping[str, Turn]


def manned_runs(plan: Plan, first_on: date, last_on: date) -> dict[RunKey, Manned]:
    """Return the runs that start on these dates, both included, with who is on them for certain.

    Whoever is at other work during a run is not on it then, and is away for others too.
    """
    spans: dict[RunKey, list[Span]] = {}
    people: dict[RunKey, dict[str, list[Span]]] = {}
    shifts: dict[int, Shift] = {}
    for run in plan.runs_from(first_on, (last_on - first_on).days + 1):
        key = RunKey(run.shift.pk, run.start_on)
        shifts[run.shift.pk] = run.shift
        spans.setdefault(key, []).append(Span(run.start_at, run.end_at))
        present = people.setdefault(key, {})
        for person, span in _presences(run):
            present.setdefault(person, []).append(span)
    return {
        key: Manned(
            turn_of(shifts[key.shift], key.on, pieces),
            {
                person: turn_of(shifts[key.shift], key.on, held)
                for person, held in people[key].items()
            },
        )
        for key, pieces in spans.items()
    }


def _presences(run: Run) -> Iterable[tuple[str, Span]]:
    for part in run.stretches:
        for person in part.people:
            yield person, Span(part.start_at, part.end_at)


def turn_of(shift: Shift, on: date, spans: Iterable[Span]) -> Turn:
    """Return time on a shift as the planner takes it."""
    pieces = sorted(spans)
    zone = ZoneInfo(shift.time_zone)
    minutes = sum((piece.end_at - piece.start_at) // _MINUTE for piece in pieces)
    night = sum(_night_minutes(piece, zone) for piece in pieces)
    weekend = sum(_weekend_minutes(piece, zone) for piece in pieces)
    return Turn(
        shift=shift.pk,
        on=on,
        start_at=pieces[0].start_at,
        end_at=pieces[-1].end_at,
        minutes=minutes,
        is_night=night >= _NIGHT_MINUTES,
        is_weekend=2 * weekend > minutes,
        is_exclusive=shift.is_exclusive,
    )


def _night_minutes(span: Span, zone: ZoneInfo) -> int:
    """Return how much of a span the wall clock shows hours of the night."""
    first, last = (_wall(at, zone) for at in span)
    nights = (
        (
            datetime.combine(day, _NIGHT_FROM),
            datetime.combine(day + _DAY, _NIGHT_UNTIL),
        )
        for day in _days(first.date() - _DAY, last.date())
    )
    return sum(_shared(first, last, start, end) for start, end in nights)


def _weekend_minutes(span: Span, zone: ZoneInfo) -> int:
    first, last = (_wall(at, zone) for at in span)
    days = (day for day in _days(first.date(), last.date()) if day.isoweekday() > _FRIDAY)
    return sum(
        _shared(
            first, last, datetime.combine(day, time.min), datetime.combine(day + _DAY, time.min)
        )
        for day in days
    )


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _days(first_on: date, last_on: date) -> Iterable[date]:
    return (first_on + ahead * _DAY for ahead in range((last_on - first_on).days + 1))


def _shared(first: datetime, last: datetime, start: datetime, end: datetime) -> int:
    shared = min(last, end) - max(first, start)
    return max(shared // _MINUTE, 0)
