"""Who is on which shift during one stretch of time in which nobody comes or goes.

Between two starts or ends (of a run, of a part of one that somebody takes over, of somebody's
hours away) the answer cannot change, and one ``Coverage`` serves every decision there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from apps.engine.occurrences import Occurrence, local_date, occurrences_from
from apps.engine.roster import RosterBook, Stretch
from apps.engine.rota import ShiftFacts

if TYPE_CHECKING:
    from apps.engine.duty import Duty, Span
    from apps.engine.members import Member, Pool
    from apps.engine.specificity import PoolKey
    from apps.engine.widened import Ground

# Runs that start up to two days before or one day after today hold every boundary within
# twelve hours of the moment, in every zone and across a DST change.
_REACH = timedelta(hours=12)
_DAYS_BACK = 2
_DAYS = 4


@dataclass(frozen=True, slots=True)
class OnShift:
    """A running shift: who takes work, who is on leave, who is at other work; ids in order.

    ``started_on`` is the local start date of the run under way; a wall clock shows one hour at a
    time, so there is never a second.
    """

    shift: ShiftFacts
    started_on: date
    people: tuple[str, ...]
    on_leave: tuple[str, ...]
    on_other_work: tuple[str, ...] = ()


@dataclass(slots=True)
class Coverage:
    """The shifts that run from ``start_at`` (included) to ``end_at`` (not), by code.

    ``pools`` remembers the pools built from it, one entry per kind of order, ``seated``,
    ``grounds`` and ``seats`` what they are built on, ``duties`` the turns of duty of those who
    were asked, ``ahead`` when they are there to read in the days to come.
    ``is_cut_short`` says that it ends there only because nobody looked further.
    """

    start_at: datetime
    end_at: datetime
    running: Mapping[str, OnShift]
    by_modality: Mapping[str, tuple[OnShift, ...]]
    open_modality: tuple[OnShift, ...]
    pools: dict[PoolKey, tuple[Pool, ...]] = field(default_factory=dict)
    grounds: dict[object, Ground] = field(default_factory=dict)
    seated: dict[object, tuple[Member, ...]] = field(default_factory=dict)
    seats: dict[frozenset[str] | None, tuple[OnShift, ...]] = field(default_factory=dict)
    by_site: dict[tuple[str, str], tuple[OnShift, ...]] = field(default_factory=dict)
    duties: dict[str, Duty | None] = field(default_factory=dict)
    ahead: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    is_cut_short: bool = False

    def for_site(self, modality: str, site: str) -> tuple[OnShift, ...]:
        """Return of ``for_modality`` those that serve a site."""
        found = self.by_site.get((modality, site))
        if found is None:
            found = self.by_site[modality, site] = tuple(
                item
                for item in self.for_modality(modality)
                if item.shift.sites is None or site in item.shift.sites
            )
        return found

    def for_modality(self, modality: str) -> tuple[OnShift, ...]:
        """Return the running shifts that may read a modality, in order of their codes."""
        return self.by_modality.get(modality, self.open_modality)


def cover(shifts: Iterable[ShiftFacts], roster: RosterBook, at: datetime) -> Coverage:
    """Work out the stretch of time around a moment, and who is on shift in it."""
    edges = _Edges(at)
    edges.add(roster.hours_away(edges.start_at, edges.end_at))
    running: dict[str, OnShift] = {}
    under_way: dict[tuple[object, ...], Occurrence | None] = {}
    for shift in shifts:
        # Hundreds of shifts share a few hours.
        if shift.hours not in under_way:
            under_way[shift.hours] = _under_way(shift, at, edges)
        run = under_way[shift.hours]
        if run is not None:
            stretch = _stretch_at(roster.stretches(shift, run), at)
            edges.add(stretch[:2])
            running[shift.code] = OnShift(shift, run.start_on, *stretch[2:])
    coverage = _indexed(edges.start_at, edges.end_at, running)
    coverage.is_cut_short = edges.end_at == at + _REACH
    return coverage


class _Edges:
    """The nearest edges on either side of a moment, at most so far that all are looked at."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.start_at, self.end_at = at - _REACH, at + _REACH

    def add(self, edges: Iterable[datetime]) -> None:
        """Take edges on either side into account."""
        for edge in edges:
            if edge <= self.at:
                self.start_at = max(self.start_at, edge)
            else:
                self.end_at = min(self.end_at, edge)


def _under_way(shift: ShiftFacts, at: datetime, edges: _Edges) -> Occurrence | None:
    """Return the run that holds the moment, and note the edges of those around it."""
    found: Occurrence | None = None
    first_on = local_date(at, shift.zone) - timedelta(days=_DAYS_BACK)
    for run in occurrences_from(shift, first_on, _DAYS):
        edges.add(run[1:])
        if run.start_at <= at < run.end_at:
            found = run
    return found


def _stretch_at(stretches: Iterable[Stretch], at: datetime) -> Stretch:
    return next(stretch for stretch in stretches if stretch.start_at <= at < stretch.end_at)


def _indexed(start_at: datetime, end_at: datetime, running: dict[str, OnShift]) -> Coverage:
    modalities = {work.modality for item in running.values() for work in item.shift.work_types} - {
        ""
    }

    def reading(modality: str) -> tuple[OnShift, ...]:
        return tuple(
            item
            for item in running.values()
            if any(work.modality in ("", modality) for work in item.shift.work_types)
        )

    by_modality = {modality: reading(modality) for modality in modalities}
    return Coverage(start_at, end_at, running, by_modality, reading(""))
