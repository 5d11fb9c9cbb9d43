"""Turns entries into turns: a person on a run of a shift, or on some hours of it.

Hours rarely agree to the minute: an event may hold the handover, a spreadsheet only the whole
hour. A run that an entry covers but for the tolerance is meant as a whole; one that it shares
more than that with is meant in part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from apps.catalog.queries.holidays import days_off
from apps.engine.occurrences import (
    Occurrence,
    is_zone,
    local_date,
    occurrences,
    occurrences_from,
)
from apps.engine.rota import ShiftFacts
from apps.roster.choices import NameKind
from apps.roster.facts import shift_facts
from apps.roster.importing.entries import Entry, Problem, Reading
from apps.roster.importing.names import Known, key_of
from apps.roster.models import Radiologist, Shift
from apps.roster.words import listed, run_words

_DAY = timedelta(days=1)


class Turn(NamedTuple):
    """A person on the whole run of a shift that starts on a date, or on these hours of it."""

    shift_id: int
    person_id: str
    on: date
    start_local: time | None = None
    end_local: time | None = None


@dataclass(slots=True)
class Unknown:
    """A name that nobody knows: as it came, how often, and where first."""

    kind: NameKind
    text: str
    count: int = 0
    where: str = ""


@dataclass(slots=True)
class Turns:
    """What the entries come to.

    ``open_shifts`` and ``open_people`` are what entries with an unknown name or another fault
    name besides, by date: what is meant there is not known, so nothing there counts as gone.
    """

    found: dict[Turn, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unknown: dict[tuple[NameKind, str], Unknown] = field(default_factory=dict)
    ignored: int = 0
    past: int = 0
    repeated: int = 0
    open_shifts: set[tuple[int, date]] = field(default_factory=set)
    open_people: set[tuple[str, date]] = field(default_factory=set)

    def is_open(self, turn: Turn) -> bool:
        """Return whether the source says something there that is not understood."""
        return (turn.shift_id, turn.on) in self.open_shifts or (
            (turn.person_id, turn.on) in self.open_people
        )


class Window(NamedTuple):
    """What counts: runs that start from ``at`` on, unless the past does too, until ``last_on``."""

    at: datetime
    first_on: date
    last_on: date
    takes_past: bool

    def first_of(self, zone: str) -> date:
        """Return the first date that counts on a zone's calendar."""
        return self.first_on if self.takes_past else max(self.first_on, local_date(self.at, zone))


@dataclass(frozen=True, slots=True)
class _Meant:
    """Whom and what an entry means, as far as that is known."""

    person: Radiologist | None
    shift: Shift | None


class Resolver:
    """Works out what entries come to."""

    def __init__(self, known: Known, window: Window, tolerance: timedelta) -> None:
        """Begin without turns.

        Args:
            known: whom and what may be meant.
            window: what counts.
            tolerance: how far hours may differ and still be the run's.
        """
        self.known = known
        self.window = window
        self.tolerance = tolerance
        self.turns = Turns()
        self._facts: dict[int, ShiftFacts] = {}
        self._fitting: dict[tuple[datetime, datetime], list[Shift]] = {}

    def resolve(self, reading: Reading) -> Turns:
        """Return what all entries come to."""
        self.turns.problems += reading.problems
        for entry in reading.entries:
            self._resolve(entry)
        return self.turns

    def _resolve(self, entry: Entry) -> None:
        meant = self._meant(entry)
        if meant is None:
            self.turns.ignored += 1
            return
        shift = meant.shift
        if shift is None and not entry.shift and meant.person is not None:
            shift = self._by_hours(entry)
        if entry.doubt:
            self._fail(entry, entry.doubt)
        if meant.person is None or shift is None or entry.doubt:
            self._leave_open(entry, _Meant(meant.person, shift))
            return
        runs = self._timed(entry, shift) if entry.start_at else self._dated(entry, shift)
        if not runs:
            self._leave_open(entry, _Meant(meant.person, shift))
        for on, start, end in runs:
            self._add(entry, Turn(shift.pk, meant.person.pk, on, start, end))

    def _meant(self, entry: Entry) -> _Meant | None:
        """Return whom and what an entry means, None where it is to be left out."""
        people = self.known.people
        meanings = [found for name in entry.people if (found := people.meaning(name))]
        shift = self.known.shifts.meaning(entry.shift) if entry.shift else None
        if any(found.is_ignored for found in meanings) or (shift and shift.is_ignored):
            return None
        if not meanings:
            self._note_unknown(NameKind.PERSON, entry.people[0], entry.where)
        if entry.shift and shift is None:
            self._note_unknown(NameKind.SHIFT, entry.shift, entry.where)
        person = meanings[0].record if meanings else None
        return _Meant(person, shift.record if shift else None)

    def _note_unknown(self, kind: NameKind, text: str, where: str) -> None:
        unknown = self.turns.unknown.setdefault((kind, key_of(text, kind)), Unknown(kind, text))
        unknown.count += 1
        unknown.where = unknown.where or where

    def _add(self, entry: Entry, turn: Turn) -> None:
        zone = self.known.shifts.records[turn.shift_id].time_zone
        if not self.window.first_of(zone) <= turn.on <= self.window.last_on:
            self.turns.past += 1
            return
        self.turns.repeated += turn in self.turns.found
        self.turns.found.setdefault(turn, entry.where)

    def _leave_open(self, entry: Entry, meant: _Meant) -> None:
        for on in _dates(entry):
            if meant.shift is not None:
                self.turns.open_shifts.add((meant.shift.pk, on))
            if meant.person is not None:
                self.turns.open_people.add((meant.person.pk, on))

    def _fail(self, entry: Entry, why: str) -> None:
        self.turns.problems.append(Problem(entry.where, why))

    # -- days ------------------------------------------------------------------------------

    def _dated(self, entry: Entry, shift: Shift) -> list[tuple[date, None, None]]:
        first, last = entry.first_on, entry.last_on
        if first is None or last is None or not self._runs_somewhere(entry, shift):
            return []
        facts = self.facts(shift)
        days = (last - first).days + 1
        dates = [on for ahead in range(days) if facts.runs_on(on := first + ahead * _DAY)]
        if not dates:
            when = f"on {first:%a} {first.day} {first:%b %Y}" if days == 1 else "on these days"
            self._fail(entry, f"{shift.code} does not run {when}.")
        return [(on, None, None) for on in dates]

    def _runs_somewhere(self, entry: Entry, shift: Shift) -> bool:
        if is_zone(shift.time_zone):
            return True
        self._fail(entry, f"{shift.code} has no time zone that is known.")
        return False

    # -- hours -----------------------------------------------------------------------------

    def _timed(
        self, entry: Entry, shift: Shift
    ) -> Sequence[tuple[date, time | None, time | None]]:
        start, end = entry.start_at, entry.end_at
        if start is None or end is None or not self._runs_somewhere(entry, shift):
            return []
        found = [part for run in self._near(shift, start, end) for part in self._part(run, entry)]
        if not found:
            self._fail(entry, self._nearest_words(shift, start, end))
        whole = {on for on, at, _ in found if at is None}
        zone = ZoneInfo(shift.time_zone)
        return [
            (on, None, None) if at is None else (on, _wall(at, zone), _wall(until, zone))
            for on, at, until in found
            if at is None or on not in whole
        ]

    def _near(self, shift: Shift, start: datetime, end: datetime) -> list[Occurrence]:
        return occurrences(self.facts(shift), start - self.tolerance, end + self.tolerance)

    def _part(
        self, run: Occurrence, entry: Entry
    ) -> Iterator[tuple[date, datetime | None, datetime | None]]:
        """Yield what an entry shares with a run: all of it (no hours), some hours, or nothing."""
        start, end = entry.start_at or run.start_at, entry.end_at or run.end_at
        if start - self.tolerance <= run.start_at and run.end_at <= end + self.tolerance:
            yield run.start_on, None, None
            return
        first, last = max(start, run.start_at), min(end, run.end_at)
        if last - first > min(self.tolerance, (end - start) / 2):
            yield run.start_on, first, last

    def _nearest_words(self, shift: Shift, start: datetime, end: datetime) -> str:
        around = occurrences(self.facts(shift), start - 7 * _DAY, end + 7 * _DAY)
        nearest = min(around, key=lambda run: abs(run.start_at - start), default=None)
        if nearest is None:
            return f"{shift.code} does not run at that time."
        words = run_words(nearest.start_at, nearest.end_at, shift.time_zone)
        return f"{shift.code} does not run at that time; its nearest run is {words}."

    def _by_hours(self, entry: Entry) -> Shift | None:
        """Return the one shift that has a run at an entry's hours; several are told."""
        if entry.start_at is None or entry.end_at is None:
            self._fail(entry, "Neither a shift nor hours are named.")
            return None
        fitting = self._shifts_at(entry.start_at, entry.end_at)
        if len(fitting) == 1:
            return fitting[0]
        codes = [shift.code for shift in fitting]
        several = f"Several shifts have these hours: {listed(codes)}."
        self._fail(entry, several if codes else "No shift has these hours.")
        return None

    def _shifts_at(self, start: datetime, end: datetime) -> list[Shift]:
        key = (start, end)
        if key not in self._fitting:
            self._fitting[key] = [
                shift
                for shift in self.known.shifts.records.values()
                if shift.is_active and is_zone(shift.time_zone) and self._fits(shift, start, end)
            ]
        return self._fitting[key]

    def _fits(self, shift: Shift, start: datetime, end: datetime) -> bool:
        return any(
            abs(run.start_at - start) <= self.tolerance and abs(run.end_at - end) <= self.tolerance
            for run in self._near(shift, start, end)
        )

    def facts(self, shift: Shift) -> ShiftFacts:
        """Return a shift's hours as the engine takes them."""
        if shift.pk not in self._facts:
            self._facts[shift.pk] = shift_facts(shift, self._calendars)
        return self._facts[shift.pk]

    def runs_on(self, shift: Shift, on: date) -> bool:
        """Return whether a run of the shift starts on a date."""
        return bool(list(occurrences_from(self.facts(shift), on, 1)))

    @cached_property
    def _calendars(self) -> dict[str, frozenset[date]]:
        return dict(days_off())


def _wall(at: datetime | None, zone: ZoneInfo) -> time | None:
    return None if at is None else at.astimezone(zone).time().replace(microsecond=0)


def _dates(entry: Entry) -> list[date]:
    """Return the dates on which what an entry means may start; hours may be of the day before."""
    if entry.first_on is not None and entry.last_on is not None:
        first, last = entry.first_on, entry.last_on
    elif entry.start_at is not None and entry.end_at is not None:
        first, last = entry.start_at.date() - _DAY, entry.end_at.date() + _DAY
    else:
        return []
    return [first + ahead * _DAY for ahead in range((last - first).days + 1)]
