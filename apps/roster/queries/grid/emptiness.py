"""Runs that nobody is on for some of the time, and whether the roster means them to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from apps.roster.models import PlannedGap, Shift
from apps.roster.queries.plan import Plan, Run
from apps.roster.queries.records import within


@dataclass(frozen=True, slots=True)
class Emptiness:
    """Who is switched off, and the gaps that are planned, for some shifts and days."""

    off: frozenset[str]
    planned: Mapping[int, Sequence[PlannedGap]]

    def is_bare(self, run: Run) -> bool:
        """Return whether nobody takes work on it for some of its time.

        A month has ten thousands of runs, so nothing is built to find out.
        """
        off = self.off
        return any(not part.people or off.issuperset(part.people) for part in run.stretches)

    def is_gap(self, run: Run) -> bool:
        """Return whether it is bare for some of its time and nobody said that it shall be."""
        return self.is_bare(run) and not self.why_meant(run)

    def why_meant(self, run: Run) -> str:
        """Return why nobody is meant to be on a run, in words; empty where somebody is."""
        for gap in self.planned.get(run.shift.pk, ()):
            if _holds(gap, run.start_on):
                return gap.reason
        if not run.is_meant_empty:
            return ""
        return "nobody's turn" if run.shift.readers_wanted else "may be empty"


def emptiness_of(plan: Plan, first_on: date, last_on: date) -> Emptiness:
    """Return what is needed to tell gaps from what is meant to be empty."""
    off = frozenset(pk for pk, person in plan.people.items() if not person.is_active)
    return Emptiness(off, planned_gaps(plan.shifts, first_on, last_on))


def surely_covered(plan: Plan, empty: Emptiness, first_on: date, last_on: date) -> set[int]:
    """Return shifts that cannot have a gap on these days, so that nobody need look for one.

    Somebody is on each of their runs by an open row, is active, and is nowhere away.
    """
    away = {one.radiologist_id for one in plan.overrides if one.shift_id is None} | empty.off
    given = {(one.shift_id, one.radiologist_id) for one in plan.overrides if one.taker_id}
    return {
        row.shift_id
        for row in plan.rows
        if row.start_date <= first_on
        and (row.end_date is None or row.end_date >= last_on)
        and not row.weekdays
        and row.every_weeks == 1
        and row.radiologist_id not in away
        and (row.shift_id, row.radiologist_id) not in given
    }


def planned_gaps(
    shifts: Iterable[Shift], first_on: date, last_on: date
) -> Mapping[int, Sequence[PlannedGap]]:
    """Return the gaps that are planned on these days, by shift."""
    found: dict[int, list[PlannedGap]] = defaultdict(list)
    rows = PlannedGap.objects.filter(within(first_on, last_on), shift__in=list(shifts))
    for gap in rows:
        found[gap.shift_id].append(gap)
    return found


def _holds(gap: PlannedGap, on: date) -> bool:
    if on < gap.start_date or (gap.end_date is not None and on > gap.end_date):
        return False
    return not gap.weekdays or on.isoweekday() in gap.weekdays
