"""A week of the roster: the runs of shifts, or the runs of people, over seven days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet

from apps.core.access import Scope
from apps.core.paging import Page
from apps.engine.occurrences import local_date, wall_to_utc
from apps.roster.choices import OverrideKind, RosterStatus
from apps.roster.models import Radiologist, RosterAssignment, RosterOverride, Shift
from apps.roster.queries.places import seen_people, seen_shifts
from apps.roster.queries.plan import Plan, Run, covers, plan_of, within

DAYS = 7
SHIFTS_PER_PAGE = 20
PEOPLE_PER_PAGE = 15
RUNS_OF_PERSON = 3
_DAY = timedelta(days=1)
# A zone may be a day ahead of another, and a night that began the day before belongs to it.
_REACH = 2 * _DAY


@dataclass(frozen=True, slots=True)
class WeekFilter:
    """What a week is narrowed by; empty values narrow nothing.

    ``cluster`` and ``site`` are codes; a shift that serves every site serves them too.
    ``shift`` and ``person`` are parts of a code, id or name. ``gaps_only`` keeps the runs that
    nobody is on. ``by_person`` has a line for each person instead of each shift.
    """

    cluster: str = ""
    site: str = ""
    modality: str = ""
    shift: str = ""
    person: str = ""
    gaps_only: bool = False
    by_person: bool = False

    @property
    def names_work(self) -> bool:
        """Return whether only some shifts are asked for."""
        return bool(self.cluster or self.site or self.modality or self.shift or self.gaps_only)


@dataclass(frozen=True, slots=True)
class Day:
    """A column; past and today by the week's zone. The label is the date in full."""

    on: date
    is_today: bool
    is_past: bool
    label: str


@dataclass(frozen=True, slots=True)
class Cell:
    """The runs that start on a day, in order, and whether the line's person is on leave then.

    Of a person's many runs a few are shown; ``more`` counts the others.
    """

    day: Day
    runs: Sequence[Run]
    more: int = 0
    is_on_leave: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the week: a shift, a person, or the runs that nobody is on (neither)."""

    cells: Sequence[Cell]
    shift: Shift | None = None
    person: Radiologist | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from a Monday in a zone; ``gaps`` are the coming runs that nobody is on."""

    start_on: date
    zone: str
    days: Sequence[Day]
    lines: Page[Line]
    gaps: int

    @property
    def last_on(self) -> date:
        """Return the Sunday."""
        return self.start_on + (DAYS - 1) * _DAY

    @property
    def previous_on(self) -> date:
        """Return the Monday before."""
        return self.start_on - DAYS * _DAY

    @property
    def next_on(self) -> date:
        """Return the Monday after."""
        return self.start_on + DAYS * _DAY


def week(
    start_on: date, zone: str, scope: Scope, wanted: WeekFilter, *, at: datetime, page: int = 1
) -> Week:
    """Return the week that a date lies in.

    Args:
        start_on: any day of it.
        zone: whose calendar makes the columns and says when a run starts.
        scope: the sites whose shifts are seen.
        wanted: what it is narrowed by.
        at: the moment that decides what is past.
        page: which lines are returned; the gaps are counted over all of them.
    """
    monday = start_on - (start_on.isoweekday() - 1) * _DAY
    days = _days(monday, local_date(at, zone))
    plan = plan_of(_shifts(monday, scope, wanted), monday - _REACH, days[-1].on + _REACH)
    start_at, end_at = _midnight(monday, zone), _midnight(monday + DAYS * _DAY, zone)
    runs = [run for run in plan.runs_between(start_at, end_at) if _is_wanted(run, wanted)]
    gaps = sum(1 for run in runs if run.end_at > at and not run.is_covered)
    if wanted.by_person:
        entries = _by_person(runs, plan, _free_people(scope, wanted), wanted.person)
    else:
        entries = _by_shift(runs, () if _names_runs(wanted) else plan.shifts)
    per_page = PEOPLE_PER_PAGE if wanted.by_person else SHIFTS_PER_PAGE
    first = (page - 1) * per_page
    lines = [_line(entry, days, zone) for entry in entries[first : first + per_page]]
    shown = Page(lines, page, has_next=len(entries) > first + per_page)
    return Week(monday, zone, days, shown, gaps)


def run_of(shift: Shift, on: date) -> Run | None:
    """Return the run of a shift that starts on a date of its own calendar, None if none does."""
    return next(plan_of([shift], on, on).runs_from(on, 1), None)


class _Entry(NamedTuple):
    """What a line will show; the cells are made for those of the page alone."""

    runs: Sequence[Run]
    shift: Shift | None = None
    person: Radiologist | None = None
    leaves: Sequence[RosterOverride] = ()


def _by_shift(runs: Iterable[Run], shifts: Iterable[Shift]) -> list[_Entry]:
    """Return an entry for each shift that has a run or is to be shown without."""
    grouped: dict[int, list[Run]] = defaultdict(list)
    known = {shift.pk: shift for shift in shifts}
    for run in runs:
        known.setdefault(run.shift.pk, run.shift)
        grouped[run.shift.pk].append(run)
    ordered = sorted(known.values(), key=lambda shift: shift.code)
    return [_Entry(grouped[shift.pk], shift=shift) for shift in ordered]


def _by_person(
    runs: Iterable[Run], plan: Plan, free: Iterable[Radiologist], words: str
) -> list[_Entry]:
    """Return first what nobody is on, then an entry for each person who is like the words."""
    grouped: dict[str, list[Run]] = defaultdict(list)
    bare: list[Run] = []
    for run in runs:
        if not run.is_covered:
            bare.append(run)
        for person in run.seated:
            grouped[person].append(run)
    seated = {pk: plan.people[pk] for pk in grouped if _is_like(plan.people[pk], words)}
    known = {**{person.pk: person for person in free}, **seated}
    leaves = _leaves(plan)
    ordered = sorted(known.values(), key=lambda person: (person.family_name, person.pk))
    people = [
        _Entry(grouped[person.pk], person=person, leaves=leaves[person.pk]) for person in ordered
    ]
    return [_Entry(bare), *people] if bare else people


def _line(entry: _Entry, days: Sequence[Day], zone: str) -> Line:
    by_day: dict[date, list[Run]] = defaultdict(list)
    for run in sorted(entry.runs, key=lambda run: (run.start_at, run.shift.code)):
        by_day[local_date(run.start_at, zone)].append(run)
    most = RUNS_OF_PERSON if entry.person else len(entry.runs)
    cells = [
        Cell(
            day,
            by_day[day.on][:most],
            more=max(len(by_day[day.on]) - most, 0),
            is_on_leave=any(covers(leave, day.on) for leave in entry.leaves),
        )
        for day in days
    ]
    return Line(cells, shift=entry.shift, person=entry.person)


def _days(monday: date, today: date) -> list[Day]:
    dates = (monday + ahead * _DAY for ahead in range(DAYS))
    return [
        Day(on, is_today=on == today, is_past=on < today, label=f"{on:%A} {on.day} {on:%B}")
        for on in dates
    ]


def _midnight(on: date, zone: str) -> datetime:
    return wall_to_utc(datetime.combine(on, time.min), zone, is_end=False)


def _shifts(monday: date, scope: Scope, wanted: WeekFilter) -> QuerySet[Shift]:
    rows = seen_shifts(scope).filter(is_active=True)
    if wanted.cluster:
        rows = rows.filter(
            Q(all_sites=True)
            | Q(pk__in=rows.filter(site_rows__site__cluster__code=wanted.cluster).values("pk"))
        )
    if wanted.site:
        rows = rows.filter(
            Q(all_sites=True)
            | Q(pk__in=rows.filter(site_rows__site__code=wanted.site).values("pk"))
        )
    if wanted.modality:
        rows = rows.filter(work_types__modality__in=("", wanted.modality)).distinct()
    if wanted.shift:
        rows = rows.filter(Q(code__icontains=wanted.shift) | Q(name__icontains=wanted.shift))
    if wanted.person and not wanted.gaps_only:
        rows = rows.filter(pk__in=_shifts_of(wanted.person, monday))
    return rows.order_by("code")


def _shifts_of(words: str, monday: date) -> set[int]:
    """Return the shifts that a person may be on that week, by row, swap or extra turn."""
    people = Radiologist.objects.filter(_like(words)).values("pk")
    dates = within(monday - _REACH, monday + DAYS * _DAY + _REACH)
    rows = RosterAssignment.objects.filter(dates, radiologist__in=people)
    overrides = RosterOverride.objects.filter(dates, shift__isnull=False).filter(
        Q(radiologist__in=people) | Q(taker__in=people)
    )
    found = rows.values_list("shift", flat=True).union(overrides.values_list("shift", flat=True))
    return {pk for pk in found if pk}


def _names_runs(wanted: WeekFilter) -> bool:
    return wanted.gaps_only or bool(wanted.person)


def _is_wanted(run: Run, wanted: WeekFilter) -> bool:
    if wanted.gaps_only and run.is_covered:
        return False
    if not wanted.person or wanted.gaps_only:
        return True
    return any(_is_like(run.plan.people[pk], wanted.person) for pk in run.seated)


def _free_people(scope: Scope, wanted: WeekFilter) -> Iterable[Radiologist]:
    """Return who is shown without a run; asking for some work leaves the others out."""
    if wanted.names_work:
        return ()
    return seen_people(scope).filter(_like(wanted.person), is_active=True)


def _like(words: str) -> Q:
    return (
        Q(pk__icontains=words) | Q(family_name__icontains=words) | Q(given_name__icontains=words)
    )


def _is_like(person: Radiologist, words: str) -> bool:
    said = words.lower()
    return any(said in name.lower() for name in (person.pk, person.family_name, person.given_name))


def _leaves(plan: Plan) -> Mapping[str, list[RosterOverride]]:
    found: dict[str, list[RosterOverride]] = defaultdict(list)
    for override in plan.overrides:
        if override.kind == OverrideKind.LEAVE and override.status == RosterStatus.ACTIVE:
            found[override.radiologist_id].append(override)
    return found
