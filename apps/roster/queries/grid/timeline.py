"""One day true to scale: every line's runs as bars over its hours, in steps of 15 minutes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apps.engine.occurrences import wall_moments
from apps.roster.hours import Span, merged, without
from apps.roster.models import Radiologist, RosterOverride, Shift
from apps.roster.queries.grid.days import Day
from apps.roster.queries.grid.emptiness import Emptiness
from apps.roster.queries.grid.lines import Entry
from apps.roster.queries.plan import Run, Seat

STEP = timedelta(minutes=15)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bar lies: its first column from 1, and how many it spans.

    ``is_begun`` and ``goes_on`` say whether the time reaches beyond the day.
    """

    start: int
    span: int
    is_begun: bool
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time on a line: somebody's seat, somebody away, or nobody.

    ``state`` is ``on``, ``away``, ``gap`` or ``empty``; ``why`` says why in words where there
    is something to say. ``record`` is what keeps the line's person away where no run is named.
    """

    place: Place
    time: Span
    state: str
    run: Run | None = None
    seat: Seat | None = None
    why: str = ""
    record: RosterOverride | None = None


@dataclass(frozen=True, slots=True)
class TimeLine:
    """A row of the day: a shift with a track for each person, or a person with one."""

    tracks: Sequence[Sequence[Bar]]
    shift: Shift | None = None
    person: Radiologist | None = None


@dataclass(frozen=True, slots=True)
class Hour:
    """A head of the time axis: what the clock shows, and where."""

    label: str
    place: Place
    is_again: bool


@dataclass(frozen=True, slots=True)
class DayScale:
    """A day in steps; 96 of them unless the clocks change on it."""

    day: Day
    zone: str

    @property
    def steps(self) -> int:
        """Return how many steps the day has."""
        return int((self.day.end_at - self.day.start_at) / STEP)

    @property
    def hours(self) -> list[Hour]:
        """Return each hour of the day in order; one that comes twice says so."""
        found: list[Hour] = []
        at = self.day.start_at
        while at < self.day.end_at:
            local = at.astimezone(ZoneInfo(self.zone))
            until = min(at + _HOUR - timedelta(minutes=local.minute), self.day.end_at)
            label = f"{local:%H:%M}" if local.minute else f"{local:%H}"
            found.append(Hour(label, self.place(Span(at, until)), is_again=bool(local.fold)))
            at = until
        return found

    def place(self, time: Span) -> Place:
        """Return where a stretch of time lies, to the step; it must share a moment with the day."""
        first = max((time.start_at - self.day.start_at) // STEP, 0)
        last = min(-((self.day.start_at - time.end_at) // STEP), self.steps)
        return Place(
            first + 1,
            max(last - first, 1),
            is_begun=time.start_at < self.day.start_at,
            goes_on=time.end_at > self.day.end_at,
        )

    def holds(self, time: Span) -> bool:
        """Return whether a stretch shares a moment with the day."""
        return time.start_at < self.day.end_at and time.end_at > self.day.start_at

    def now(self, at: datetime) -> Place | None:
        """Return where a moment lies, None where it is not of this day."""
        return self.place(Span(at, at + STEP)) if self.holds(Span(at, at)) else None


def time_line_of(entry: Entry, scale: DayScale, empty: Emptiness) -> TimeLine:
    """Return an entry with its bars."""
    if entry.person is not None:
        bars = [*_own(entry, entry.person, scale), *_away(entry.away, scale)]
        return TimeLine([sorted(bars, key=_by_place)], person=entry.person)
    gaps = [bar for run in entry.runs for bar in _gaps(run, scale, empty)]
    if entry.shift is None:
        return TimeLine([sorted(gaps, key=_by_place)])
    tracks: dict[str, list[Bar]] = defaultdict(list)
    for run in entry.runs:
        for seat in run.seats:
            tracks[seat.person.pk] += _seated(run, seat, scale)
    found = [[*gaps], *tracks.values()] if gaps else list(tracks.values())
    return TimeLine([sorted(bars, key=_by_place) for bars in found if bars], shift=entry.shift)


def _own(entry: Entry, person: Radiologist, scale: DayScale) -> Iterator[Bar]:
    for run in entry.runs:
        for seat in run.seats:
            if seat.person.pk == person.pk:
                yield from _seated(run, seat, scale)


def _seated(run: Run, seat: Seat, scale: DayScale) -> Iterator[Bar]:
    away = merged(seat.hours) if not seat.person.is_active else merged(seat.away)
    for time in without(seat.hours, away):
        if scale.holds(time):
            yield Bar(scale.place(time), time, "on", run, seat)
    for time in away:
        if scale.holds(time):
            yield Bar(scale.place(time), time, "away", run, seat, why=_why_away(seat))


def _why_away(seat: Seat) -> str:
    if not seat.person.is_active:
        return "switched off"
    return seat.leave.get_kind_display().lower() if seat.leave else "away"


def _gaps(run: Run, scale: DayScale, empty: Emptiness) -> Iterator[Bar]:
    why = empty.why_meant(run)
    for time in merged(run.gaps):
        if scale.holds(time):
            yield Bar(scale.place(time), time, "empty" if why else "gap", run, why=why)


def _away(records: Iterable[RosterOverride], scale: DayScale) -> Iterator[Bar]:
    """Yield what somebody is away for; whole days are those of the grid's own calendar."""
    for record in records:
        for time in _times_away(record, scale):
            if scale.holds(time):
                why = record.note or record.get_kind_display()
                yield Bar(scale.place(time), time, "away", why=why, record=record)


def _times_away(record: RosterOverride, scale: DayScale) -> Iterator[Span]:
    start, end, on = record.start_local, record.end_local, scale.day.on
    if start is None or end is None:
        if record.start_date <= on <= record.end_date:
            yield Span(scale.day.start_at, scale.day.end_at)
        return
    for ahead in (-2, -1, 0, 1):
        date_ = on + ahead * _DAY
        if record.start_date <= date_ <= record.end_date:
            first = datetime.combine(date_, start)
            last = datetime.combine(date_ if end > start else date_ + _DAY, end)
            yield from (Span(*piece) for piece in wall_moments(first, last, record.time_zone))


def _by_place(bar: Bar) -> tuple[int, int]:
    return (bar.place.start, -bar.place.span)
