"""Turns of duty: since when somebody is at work, and for how much of that they could read.

A turn is every run that somebody is on now, with those that ended just where it began, so that
two shifts in a row are one turn. Other work within it does not end it and does not count; leave
does not count, and what begins or ends a run on leave is no part of the turn. A turn reaches a
day back at most: who is on duty for ever is measured by the last day. Source: spec 3, fairness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from apps.engine.occurrences import occurrences

if TYPE_CHECKING:
    from apps.engine.compiled import CompiledConfig
    from apps.engine.occurrences import Occurrence
    from apps.engine.roster import Stretch
    from apps.engine.rota import ShiftFacts

LONGEST = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class Span(NamedTuple):
    """A stretch of time, start included, end not."""

    start_at: datetime
    end_at: datetime


@dataclass(frozen=True, slots=True)
class Duty:
    """A turn of duty: when it began, and when in it somebody was there to read, in order."""

    start_at: datetime
    reading: tuple[Span, ...]

    def since(self, at: datetime) -> datetime:
        """Return from when on the turn counts at a moment."""
        return max(self.start_at, at - LONGEST)

    def spans(self, at: datetime, other_work: Iterable[Span] = ()) -> tuple[Span, ...]:
        """Return when they read until a moment, other work taken out."""
        start = self.since(at)
        return without(clipped(self.reading, start, at), other_work)

    def worked_seconds(self, at: datetime, other_work: Iterable[Span] = ()) -> int:
        """Return the whole seconds until a moment, without what counts as other work."""
        spent = (span.end_at - span.start_at for span in self.spans(at, other_work))
        return sum(spent, timedelta()) // _SECOND


class DutyBook:
    """The turns of duty that a configuration says; those of one moment are worked out once."""

    def __init__(self, compiled: CompiledConfig) -> None:
        """Index who may be on which shift."""
        self._compiled = compiled
        config = compiled.config
        shifts: dict[str, set[str]] = defaultdict(set)
        for row in (*config.roster, *config.extras):
            shifts[row.radiologist].add(row.shift)
        for swap in config.swaps:
            shifts[swap.taker].add(swap.shift)
        for rotation in config.rotations:
            for person in rotation.people:
                shifts[person].add(rotation.shift)
        self._shifts = shifts

    def duty_of(self, person: str, at: datetime) -> Duty | None:
        """Return the turn of duty that somebody is on at a moment, None where they are on none."""
        coverage = self._compiled.coverage_at(at)
        if person not in coverage.duties:
            there, reading = self._presence(person, coverage.start_at - LONGEST, at + _SECOND)
            coverage.duties[person] = _turn_at(at, there, reading)
        return coverage.duties[person]

    def spans_of(self, person: str, start_at: datetime, end_at: datetime) -> tuple[Span, ...]:
        """Return when between two moments somebody was there to read."""
        _, reading = self._presence(person, start_at, end_at)
        return clipped(joined(reading), start_at, end_at)

    def _presence(
        self, person: str, start_at: datetime, end_at: datetime
    ) -> tuple[list[Span], list[Span]]:
        """Return when they hold a seat, and when they read, in runs that share the stretch."""
        there: list[Span] = []
        reading: list[Span] = []
        for code in sorted(self._shifts.get(person, ())):
            shift = self._compiled.shifts.get(code)
            if shift is None:
                continue
            for run in occurrences(shift, start_at, end_at):
                held = self._held(shift, run, person)
                there += [Span(one.start_at, one.end_at) for one in held]
                reading += [Span(one.start_at, one.end_at) for one in held if person in one.people]
        return there, reading

    def _held(self, shift: ShiftFacts, run: Occurrence, person: str) -> list[Stretch]:
        stretches = [
            one
            for one in self._compiled.roster.stretches(shift, run)
            if person in (*one.people, *one.on_leave, *one.on_other_work)
        ]
        return _without_leave_at_the_ends(stretches, person)


def _turn_at(at: datetime, there: Iterable[Span], reading: Iterable[Span]) -> Duty | None:
    turn = next((span for span in joined(there) if span.start_at <= at < span.end_at), None)
    if turn is None:
        return None
    return Duty(turn.start_at, clipped(joined(reading), turn.start_at, turn.end_at))


def _without_leave_at_the_ends(held: list[Stretch], person: str) -> list[Stretch]:
    at_work = [index for index, one in enumerate(held) if person not in one.on_leave]
    return held[at_work[0] : at_work[-1] + 1] if at_work else []


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the spans in order, those that meet or overlap made one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start_at <= found[-1].end_at:
            found[-1] = Span(found[-1].start_at, max(found[-1].end_at, span.end_at))
        else:
            found.append(span)
    return tuple(found)


def clipped(spans: Iterable[Span], start_at: datetime, end_at: datetime) -> tuple[Span, ...]:
    """Return what of the spans lies between two moments."""
    return tuple(
        Span(max(span.start_at, start_at), min(span.end_at, end_at))
        for span in spans
        if span.start_at < end_at and span.end_at > start_at
    )


def without(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """Return the spans with what others cover taken out; what is covered twice goes once."""
    left = tuple(spans)
    for hole in taken:
        left = tuple(part for span in left for part in _around(span, hole))
    return left


def _around(span: Span, hole: Span) -> Iterator[Span]:
    if hole.end_at <= span.start_at or hole.start_at >= span.end_at:
        yield span
        return
    if span.start_at < hole.start_at:
        yield Span(span.start_at, hole.start_at)
    if hole.end_at < span.end_at:
        yield Span(hole.end_at, span.end_at)
