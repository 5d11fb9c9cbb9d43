"""When each person works: everybody's turns over some days, by the engine's own book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from apps.catalog.queries.holidays import days_off
from apps.engine.codes import Refused
from apps.engine.occurrences import is_zone, occurrences
from apps.engine.roster import RosterBook
from apps.roster.hours import Span, merged, total
from apps.roster.models import Shift
from apps.roster.queries.turns import hours_of, roster_book

# A run under way at a moment started up to two local days before it.
_AROUND = timedelta(days=3)


class Duty(NamedTuple):
    """A turn of somebody, or the part of it in which they take work."""

    span: Span
    shift: Shift


@dataclass(frozen=True)
class Diary:
    """The turns of everybody between two moments; leave and other work are left out of them."""

    book: RosterBook
    duties: Mapping[str, Sequence[Duty]]

    def of(self, person: str) -> Sequence[Duty]:
        """Return a person's turns, in no order."""
        return self.duties.get(person, ())

    def hours(self, person: str, within: Span) -> timedelta:
        """Return how long somebody works in a span; who is on two shifts at once, once."""
        clipped = (
            Span(max(duty.span.start_at, within.start_at), min(duty.span.end_at, within.end_at))
            for duty in self.of(person)
        )
        return total(merged(span for span in clipped if span.start_at < span.end_at))

    def turning_points(self, within: Span) -> set[datetime]:
        """Return the moments of a span at which somebody may go away or come back, and its start."""
        edges = self.book.hours_away(within.start_at, within.end_at)
        inside = {edge for edge in edges if within.start_at < edge < within.end_at}
        return {within.start_at, *inside}

    def absences(self, person: str, start_on: date, moments: Iterable[datetime]) -> set[Refused]:
        """Return why somebody is away at any of these moments of the run that starts on a date."""
        why = (self.book.absence(person, start_on, at) for at in moments)
        return {refused for refused in why if refused is not None}


@dataclass(frozen=True)
class Almanac:
    """The turns of everybody over a longer time, of which diaries are cut.

    ``runs`` are each a run's moments, with the parts of it and who takes work in them.
    """

    book: RosterBook
    runs: Sequence[tuple[Span, Sequence[tuple[Duty, Sequence[str]]]]]

    def between(self, start_at: datetime, end_at: datetime) -> Diary:
        """Return the turns whose run shares a moment with the span, itself within the almanac's."""
        duties: dict[str, list[Duty]] = defaultdict(list)
        for run, parts in self.runs:
            if run.start_at < end_at and run.end_at > start_at:
                for duty, people in parts:
                    for person in people:
                        duties[person].append(duty)
        return Diary(self.book, duties)


def almanac(start_at: datetime, end_at: datetime) -> Almanac:
    """Read the turns of everybody that share a moment with the span."""
    shifts = [
        shift
        for shift in Shift.objects.filter(is_active=True).select_related("calendar")
        if is_zone(shift.time_zone)
    ]
    book = roster_book((start_at - _AROUND).date(), (end_at + _AROUND).date())
    return Almanac(book, list(_runs(shifts, book, start_at, end_at)))


def _runs(
    shifts: Sequence[Shift], book: RosterBook, start_at: datetime, end_at: datetime
) -> Iterable[tuple[Span, Sequence[tuple[Duty, Sequence[str]]]]]:
    calendars = days_off() if any(shift.calendar_id for shift in shifts) else {}
    for shift in shifts:
        facts = hours_of(shift, calendars)
        for run in occurrences(facts, start_at, end_at):
            parts = [
                (Duty(Span(part.start_at, part.end_at), shift), part.people)
                for part in book.stretches(facts, run)
            ]
            yield Span(run.start_at, run.end_at), parts
