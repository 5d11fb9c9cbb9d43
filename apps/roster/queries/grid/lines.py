"""The grid's lines: shifts or people, and which of their runs start on which day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from apps.engine.occurrences import local_date, skipped
from apps.engine.rota import HolidayMode
from apps.roster.choices import RosterStatus
from apps.roster.hours import Span, merged, total
from apps.roster.models import Radiologist, RosterOverride, Shift
from apps.roster.queries.grid.days import Day
from apps.roster.queries.grid.filters import GridFilter, is_like
from apps.roster.queries.grid.skipping import SkippedTurn, skipped_of
from apps.roster.queries.plan import Plan, Run
from apps.roster.queries.records import covers
from apps.roster.queries.turns import hours_of

RUNS_OF_PERSON = 3
"""Of a person's many runs on one day so many are shown, and the others counted."""


class Entry(NamedTuple):
    """What a line will show; its cells are made for those of the page alone."""

    runs: Sequence[Run]
    shift: Shift | None = None
    person: Radiologist | None = None
    away: Sequence[RosterOverride] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """The runs that start on a day, in order, and what keeps the line's person away then.

    ``more`` counts the runs that are not shown. ``rests`` is why the line's shift, or one of the
    line's person, has no run where it might be expected to have one.
    """

    day: Day
    runs: Sequence[Run]
    more: int = 0
    away: Sequence[RosterOverride] = ()
    rests: str = ""

    @property
    def is_free(self) -> bool:
        """Return whether there is nothing to show."""
        return not self.runs and not self.away and not self.rests


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the grid: a shift, a person, or the runs that nobody is on (neither).

    ``hours`` is how long the line's person takes work on the runs shown.
    """

    cells: Sequence[Cell]
    shift: Shift | None = None
    person: Radiologist | None = None
    hours: timedelta = timedelta()


def entries_by_shift(runs: Iterable[Run], shifts: Iterable[Shift]) -> list[Entry]:
    """Return an entry for each shift that has a run or is to be shown without."""
    grouped: dict[int, list[Run]] = defaultdict(list)
    known = {shift.pk: shift for shift in shifts}
    for run in runs:
        known.setdefault(run.shift.pk, run.shift)
        grouped[run.shift.pk].append(run)
    ordered = sorted(known.values(), key=lambda shift: shift.code)
    return [Entry(grouped[shift.pk], shift=shift) for shift in ordered]


def people_shown(plan: Plan, free: Iterable[Radiologist], wanted: GridFilter) -> list[Radiologist]:
    """Return who has a line: those who may be on a run, and the free ones, by family name."""
    seated = (plan.people[pk] for pk in seating(plan))
    known = {person.pk: person for person in (*free, *seated) if is_like(person, wanted.person)}
    return sorted(known.values(), key=lambda person: (person.family_name, person.pk))


def seating(plan: Plan) -> Mapping[str, set[int]]:
    """Return the shifts that each person may be on, by row, rotation, swap or extra turn."""
    found: dict[str, set[int]] = defaultdict(set)
    for row in plan.rows:
        found[row.radiologist_id].add(row.shift_id)
    for override in plan.overrides:
        if override.shift_id is not None:
            found[override.taker_id or override.radiologist_id].add(override.shift_id)
    for rotation in plan.rotations:
        for person in set(rotation.ids) - {""}:
            found[person].add(rotation.shift_id)
    return found


def entries_by_person(
    runs: Iterable[Run], bare: Sequence[Run], plan: Plan, people: Iterable[Radiologist]
) -> list[Entry]:
    """Return first what nobody is on, which are the bare ones, then an entry for each person."""
    grouped: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        for person in set(run.seated):
            grouped[person].append(run)
    away = _away(plan)
    found = [Entry(grouped[one.pk], person=one, away=away[one.pk]) for one in people]
    return [Entry(bare), *found] if bare else found


def line_of(
    entry: Entry,
    days: Sequence[Day],
    zone: str,
    plan: Plan,
    turns: Iterable[SkippedTurn] = (),
    *,
    most: int | None = RUNS_OF_PERSON,
) -> Line:
    """Return an entry with its cells.

    Args:
        entry: what the line is of.
        days: its columns.
        zone: on whose clock a run starts.
        plan: where its runs come from.
        turns: those that the clock skips.
        most: so many runs of a person's day are shown; None for all.
    """
    by_day: dict[date, list[Run]] = defaultdict(list)
    for run in sorted(entry.runs, key=lambda run: (run.start_at, run.shift.code)):
        by_day[local_date(run.start_at, zone)].append(run)
    most = len(entry.runs) if most is None or not entry.person else most
    if entry.person:
        rests = skipped_of(entry.person, turns)
    else:
        rests = _rests(entry.shift, days, plan) if entry.shift else {}
    cells = [
        Cell(
            day,
            by_day[day.on][:most],
            more=max(len(by_day[day.on]) - most, 0),
            away=[leave for leave in entry.away if covers(leave, day.on)],
            rests="" if by_day[day.on] and not entry.person else rests.get(day.on, ""),
        )
        for day in days
    ]
    return Line(cells, entry.shift, entry.person, hours=_hours(entry))


def _hours(entry: Entry) -> timedelta:
    """Return how long somebody is at work; turns at the same time count once."""
    if entry.person is None:
        return timedelta()
    person = entry.person.pk
    parts = (part for run in entry.runs for part in run.stretches if person in part.people)
    return total(merged(Span(part.start_at, part.end_at) for part in parts))


def _rests(shift: Shift, days: Sequence[Day], plan: Plan) -> Mapping[date, str]:
    """Return why the shift does not run on days on which it might be expected to."""
    facts = hours_of(shift, plan.calendars)
    first_on, count = days[0].on, (days[-1].on - days[0].on).days + 1
    found = dict.fromkeys(skipped(facts, first_on, count), "skipped: the clocks change")
    if facts.holiday_mode is HolidayMode.RESTS:
        for day in days:
            if day.on in facts.holidays and day.on.isoweekday() in facts.weekdays:
                found[day.on] = "rests"
    return found


def _away(plan: Plan) -> Mapping[str, list[RosterOverride]]:
    """Return the leave and the other work of everybody, by id."""
    found: dict[str, list[RosterOverride]] = defaultdict(list)
    for override in plan.overrides:
        if override.shift_id is None and override.status == RosterStatus.ACTIVE:
            found[override.radiologist_id].append(override)
    return found
