"""Who is on which shift during one stretch of time in which no shift starts or ends.

Roster rows, leave, swaps and extras all speak of the local *start* date of a run, so between
two starts or ends the answer cannot change, and one ``Coverage`` serves every decision there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from apps.engine.facts import Config, LeaveFacts, RosterRow, ShiftFacts, SwapFacts
from apps.engine.occurrences import local_date, occurrences_from

if TYPE_CHECKING:
    from apps.engine.pools import Pool, PoolKey

# Runs that start up to two days before or one day after today hold every boundary within
# twelve hours of the moment, in every zone and across a DST change.
_REACH = timedelta(hours=12)
_DAYS_BACK = 2
_DAYS = 4


@dataclass(frozen=True, slots=True)
class OnShift:
    """A running shift: who is there and who is on leave, as ids in order.

    ``started_on`` holds the local start dates of the runs under way; two overlap only in the
    repeated hour of a DST change.
    """

    shift: ShiftFacts
    started_on: tuple[date, ...]
    people: tuple[str, ...]
    on_leave: tuple[str, ...]


@dataclass(slots=True)
class Coverage:
    """The shifts that run from ``start_at`` (included) to ``end_at`` (not), by code.

    ``pools`` remembers the pools built from it, one entry per kind of order.
    """

    start_at: datetime
    end_at: datetime
    running: Mapping[str, OnShift]
    by_modality: Mapping[str, tuple[OnShift, ...]]
    open_modality: tuple[OnShift, ...]
    pools: dict[PoolKey, tuple[Pool, ...]] = field(default_factory=dict)

    def for_modality(self, modality: str) -> tuple[OnShift, ...]:
        """Return the running shifts that may read a modality, in order of their codes."""
        return self.by_modality.get(modality, self.open_modality)


class RosterBook:
    """The roster, indexed by shift and person."""

    def __init__(self, config: Config) -> None:
        self._rows: dict[str, list[RosterRow]] = _by_shift((*config.roster, *config.extras))
        self._swaps: dict[str, list[SwapFacts]] = defaultdict(list)
        for swap in sorted(config.swaps, key=lambda swap: (swap.giver, swap.taker)):
            self._swaps[swap.shift].append(swap)
        self._leaves: dict[str, list[LeaveFacts]] = defaultdict(list)
        for leave in config.leaves:
            self._leaves[leave.radiologist].append(leave)

    def is_on_leave(self, radiologist: str, on: date) -> bool:
        """Say whether a person's leave covers the date."""
        leaves = self._leaves.get(radiologist, ())
        return any(leave.start_on <= on <= leave.end_on for leave in leaves)

    def people(self, shift: str, start_on: date) -> set[str]:
        """Return who holds a seat in the run of a shift that starts on a date, leave ignored.

        A taker stands in for the giver; where the taker has in turn given that seat away, the
        seat goes on. A giver's own seat is never lost to somebody else's swap.
        """
        seats = {
            row.radiologist
            for row in self._rows.get(shift, ())
            if row.start_on <= start_on and (row.end_on is None or start_on <= row.end_on)
        }
        takers = {
            swap.giver: swap.taker
            for swap in reversed(self._swaps.get(shift, ()))
            if swap.start_on <= start_on <= swap.end_on
        }
        return {_sitter(seat, takers, seats) for seat in seats} if takers else seats


def _by_shift(rows: Iterable[RosterRow]) -> dict[str, list[RosterRow]]:
    indexed: dict[str, list[RosterRow]] = defaultdict(list)
    for row in rows:
        indexed[row.shift].append(row)
    return indexed


def _sitter(seat: str, takers: Mapping[str, str], seats: set[str]) -> str:
    passed = {seat}
    sitter = takers.get(seat, seat)
    while sitter in takers and sitter not in seats and sitter not in passed:
        passed.add(sitter)
        sitter = takers[sitter]
    return sitter


def cover(shifts: Iterable[ShiftFacts], roster: RosterBook, at: datetime) -> Coverage:
    """Work out the stretch of time around a moment, and who is on shift in it."""
    start_at, end_at = at - _REACH, at + _REACH
    running: dict[str, OnShift] = {}
    first_on: dict[str, date] = {}
    for shift in shifts:
        if shift.zone not in first_on:
            first_on[shift.zone] = local_date(at, shift.zone) - timedelta(days=_DAYS_BACK)
        started: list[date] = []
        for run in occurrences_from(shift, first_on[shift.zone], _DAYS):
            for edge in (run.start_at, run.end_at):
                if edge <= at:
                    start_at = max(start_at, edge)
                else:
                    end_at = min(end_at, edge)
            if run.start_at <= at < run.end_at:
                started.append(run.start_on)
        if started:
            running[shift.code] = _on_shift(shift, tuple(started), roster)
    return _indexed(start_at, end_at, running)


def _on_shift(shift: ShiftFacts, started_on: tuple[date, ...], roster: RosterBook) -> OnShift:
    here: set[str] = set()
    away: set[str] = set()
    for start_on in started_on:
        for person in roster.people(shift.code, start_on):
            (away if roster.is_on_leave(person, start_on) else here).add(person)
    return OnShift(shift, started_on, tuple(sorted(here)), tuple(sorted(away - here)))


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
