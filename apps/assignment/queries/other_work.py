"""Work of a reader that is not reading: a board, teaching; nothing new comes to them meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from apps.assignment.snapshot.cache import ConfigView
from apps.engine.occurrences import Moments, wall_moments
from apps.engine.rota import LeaveFacts

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OtherWork:
    """Other work that goes on now."""

    until: datetime


def other_work(
    radiologist_id: str, view: ConfigView, *, at: datetime, zone: tzinfo
) -> OtherWork | None:
    """Return the reader's other work of now with its end, None where they have none.

    Args:
        radiologist_id: the reader.
        view: the configuration.
        at: the moment.
        zone: theirs, in which whole days begin and end.
    """
    ends = [
        end
        for leave in view.compiled.config.leaves
        if leave.radiologist == radiologist_id and leave.is_other_work
        for start, end in _pieces(leave, at, zone)
        if start <= at < end
    ]
    return OtherWork(max(ends)) if ends else None


def _pieces(leave: LeaveFacts, at: datetime, zone: tzinfo) -> Iterator[Moments]:
    """Yield what of it may hold the moment."""
    start, end = leave.start_local, leave.end_local
    if start is None or end is None:
        last = datetime.combine(leave.end_on + _DAY, time(), zone)
        yield Moments(datetime.combine(leave.start_on, time(), zone), last)
        return
    # Dates of a zone are at most a day off those of UTC, and hours may cross midnight.
    for on in (at.date() + days * _DAY for days in range(-2, 2)):
        if leave.start_on <= on <= leave.end_on:
            until_on = on if end > start else on + _DAY
            yield from wall_moments(
                datetime.combine(on, start), datetime.combine(until_on, end), leave.zone
            )
