"""When readers are on duty and when they rest: what the roster comes to, second by second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from apps.engine.compiled import CompiledConfig
from apps.trials.simulation.department import Habits

_LONG_DUTY = 5 * 3_600
_SHORT_DUTY = 3 * 3_600

Spans = list[tuple[int, int]]
"""Seconds of the simulation, start included, end not; in order and apart."""


@dataclass(frozen=True, slots=True)
class Duties:
    """What the roster comes to: by reader, and by reader and shift; and each reader's breaks."""

    on: Mapping[str, Spans]
    on_shift: Mapping[tuple[str, str], Spans]
    breaks: Mapping[str, Spans]

    @property
    def changes(self) -> list[int]:
        """Return the moments at which somebody comes or goes."""
        return sorted({edge for spans in self.on.values() for span in spans for edge in span})

    def worked(self, reader: str, spans: Iterable[tuple[int, int]], until: int) -> int:
        """Return the seconds of spans up to a moment, without the reader's breaks."""
        clipped = [(start, min(end, until)) for start, end in spans if start < until]
        total = sum(end - start for start, end in clipped)
        return total - sum(
            max(min(end, stop) - max(start, begin), 0)
            for start, end in clipped
            for begin, stop in self.breaks.get(reader, [])
        )


def duties(
    compiled: CompiledConfig, start_at: datetime, days: int, habits: Habits, seed: int
) -> Duties:
    """Work out who is there when, a day beyond the last so that what is left can be read."""
    on: dict[str, Spans] = defaultdict(list)
    on_shift: dict[tuple[str, str], Spans] = defaultdict(list)
    at, end_at = start_at, start_at + timedelta(days=days + 1)
    while at < end_at:
        coverage = compiled.coverage_at(at)
        span = (_seconds(start_at, at), _seconds(start_at, min(coverage.end_at, end_at)))
        for code, running in coverage.running.items():
            for person in running.people:
                _join(on_shift[person, code], span)
                _join(on[person], span)
        at = coverage.end_at
    random = Random(seed)  # noqa: S311 -- plausible breaks, no secret
    breaks = {person: _breaks(on[person], habits, random) for person in sorted(on)}
    return Duties(on, on_shift, breaks)


def _seconds(start_at: datetime, at: datetime) -> int:
    return int((at - start_at).total_seconds())


def _join(spans: Spans, span: tuple[int, int]) -> None:
    if spans and spans[-1][1] >= span[0]:
        spans[-1] = (spans[-1][0], max(spans[-1][1], span[1]))
    else:
        spans.append(span)


def _breaks(spans: Spans, habits: Habits, random: Random) -> Spans:
    """Return a long break about the middle of a long duty, short ones at its quarters."""
    rests: Spans = []
    for start, end in spans:
        length = end - start
        planned: list[tuple[float, int]] = []
        if length >= _SHORT_DUTY:
            planned += [(0.25, habits.short_break_minutes), (0.75, habits.short_break_minutes)]
        if length >= _LONG_DUTY:
            planned.insert(1, (0.5, habits.long_break_minutes))
        for part, minutes in planned:
            begin = start + int(length * (part + random.uniform(-0.06, 0.06)))
            rests.append((begin, begin + minutes * 60))
    return rests
