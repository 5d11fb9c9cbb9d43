"""The crew of one shift over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from apps.engine.compiled import CompiledConfig
from apps.engine.occurrences import local_date, occurrences, skipped
from apps.engine.rota import HolidayMode, ShiftFacts
from apps.engine.timeline.facts import Cause, Intents, Lack, PlannedGapFacts, Skipped

_DAY = timedelta(days=1)
# The tracks of shifts by their codes, each with what it follows from.
_Known = dict[str, tuple[object, tuple["Piece", ...]]]


class Crew(NamedTuple):
    """Who is on a shift; ``meant`` is why it is meant to be empty, None where it is not.

    A shift that ``rests`` does not run then, but would but for the day.
    """

    shift: str
    people: tuple[str, ...] = ()
    on_leave: tuple[str, ...] = ()
    on_other_work: tuple[str, ...] = ()
    meant: Cause | None = None
    rests: bool = False


class Piece(NamedTuple):
    """A stretch of time with one crew; start included, end not."""

    start_at: datetime
    end_at: datetime
    crew: Crew


class Tracks:
    """The crews of the shifts of a configuration between two moments."""

    def __init__(
        self,
        compiled: CompiledConfig,
        intents: Intents,
        start_at: datetime,
        end_at: datetime,
        *,
        keep: bool = True,
    ) -> None:
        """Look at a span; what is found is kept for configurations of the same shifts."""
        self._compiled, self._intents = compiled, intents
        self.start_at, self.end_at = start_at, end_at
        self._crews: dict[Crew, Crew] = {}
        self._gaps: dict[str, list[PlannedGapFacts]] = defaultdict(list)
        for gap in intents.gaps:
            self._gaps[gap.shift].append(gap)
        self._known: _Known = (
            compiled.read_where.get((start_at, end_at), dict[str, Any]) if keep else {}
        )

    def of(self, shift: ShiftFacts) -> tuple[Piece, ...]:
        """Return the crews of a shift, in order of time; nothing while it neither runs nor rests."""
        basis = self._basis(shift)
        known = self._known.get(shift.code)
        if known is None or known[0] != basis:
            pieces = [*self._running(shift), *self._resting(shift)]
            track = tuple(_joined(sorted(pieces, key=_start), self._crews))
            known = self._known[shift.code] = (basis, track)
        return known[1]

    def _basis(self, shift: ShiftFacts) -> object:
        """Return all that a crew follows from, beside the shift and the span themselves."""
        intents = self._intents
        wanted = intents.readers_wanted.get(shift.code, 1)
        names = intents.days_off.get(shift.calendar)
        return (
            self._compiled.roster.basis_of(shift.code),
            self._gaps.get(shift.code),
            wanted,
            names,
        )

    def skipped(self, codes: Collection[str]) -> list[Skipped]:
        """Return the runs of some shifts that lie in an hour that the clock skips."""
        dates = {
            zone: _changes(zone, self.start_at, self.end_at)
            for zone in {shift.zone for shift in self._compiled.shifts.values()}
        }
        return [
            Skipped(shift.code, on)
            for shift in self._compiled.shifts.values()
            if shift.code in codes
            for day in dates[shift.zone]
            for on in skipped(shift, day, 1)
        ]

    def _running(self, shift: ShiftFacts) -> Iterator[Piece]:
        roster = self._compiled.roster
        for run in occurrences(shift, self.start_at, self.end_at):
            meant = self._meant(shift, run.start_on)
            for part in roster.stretches(shift, run):
                start_at, end_at = self._cut(part.start_at, part.end_at)
                if start_at < end_at:
                    yield Piece(start_at, end_at, Crew(shift.code, *part[2:], meant))

    def _resting(self, shift: ShiftFacts) -> Iterator[Piece]:
        if shift.holiday_mode is not HolidayMode.RESTS or not shift.holidays:
            return
        names: Mapping[date, str] = self._intents.days_off.get(shift.calendar, {})
        always = replace(shift, holiday_mode=HolidayMode.RUNS)
        for run in occurrences(always, self.start_at, self.end_at):
            if run.start_on in shift.holidays:
                start_at, end_at = self._cut(run.start_at, run.end_at)
                cause = Cause(Lack.HOLIDAY, shift.code, (names.get(run.start_on, ""),))
                yield Piece(start_at, end_at, Crew(shift.code, meant=cause, rests=True))

    def _meant(self, shift: ShiftFacts, on: date) -> Cause | None:
        for gap in self._gaps.get(shift.code, ()):
            if gap.covers(on):
                return Cause(Lack.PLANNED, shift.code, (gap.reason,))
        if self._intents.readers_wanted.get(shift.code, 1) == 0:
            return Cause(Lack.NONE_WANTED, shift.code)
        if self._compiled.roster.is_meant_empty(shift, on):
            return Cause(Lack.NOBODYS_TURN, shift.code)
        return None

    def _cut(self, start_at: datetime, end_at: datetime) -> tuple[datetime, datetime]:
        return max(start_at, self.start_at), min(end_at, self.end_at)


def _start(piece: Piece) -> datetime:
    return piece.start_at


def _joined(pieces: Sequence[Piece], crews: dict[Crew, Crew]) -> Iterator[Piece]:
    """Yield the pieces, those that follow each other with the same crew as one.

    Equal crews become the same one, so that what is worked out of them is found by identity.
    """
    last: Piece | None = None
    for piece in pieces:
        crew = crews.setdefault(piece.crew, piece.crew)
        if last is not None and last.crew is crew and last.end_at == piece.start_at:
            last = Piece(last.start_at, piece.end_at, crew)
            continue
        if last is not None:
            yield last
        last = Piece(piece.start_at, piece.end_at, crew)
    if last is not None:
        yield last


def _changes(zone: str, start_at: datetime, end_at: datetime) -> list[date]:
    """Return the local dates, and those before them, on which the clocks of a zone change."""
    tz = ZoneInfo(zone)
    first_on, last_on = local_date(start_at, zone) - _DAY, local_date(end_at, zone)
    days = [first_on + ahead * _DAY for ahead in range((last_on - first_on).days + 1)]
    midnights = [datetime(day.year, day.month, day.day, tzinfo=tz) for day in days]
    return [
        day
        for day, midnight in zip(days, midnights, strict=True)
        if midnight.utcoffset() != (midnight + 2 * _DAY).utcoffset()
    ]
