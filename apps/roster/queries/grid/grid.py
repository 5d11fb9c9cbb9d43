"""The roster's grid as a page shows it: its days, some of its lines, and how many gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from apps.core.access import Scope
from apps.core.paging import Page
from apps.engine.occurrences import local_date
from apps.roster.initials import initials_of
from apps.roster.models import Radiologist, Shift
from apps.roster.queries.grid.days import Day, calendars_in_use, days_shown
from apps.roster.queries.grid.emptiness import Emptiness, emptiness_of, surely_covered
from apps.roster.queries.grid.filters import (
    GridFilter,
    View,
    free_people,
    is_wanted,
    wanted_shifts,
)
from apps.roster.queries.grid.lines import (
    RUNS_OF_PERSON,
    Entry,
    Line,
    entries_by_person,
    entries_by_shift,
    line_of,
    people_shown,
    seating,
)
from apps.roster.queries.grid.skipping import SkippedTurn, skipped_turns
from apps.roster.queries.grid.timeline import DayScale, TimeLine, time_line_of
from apps.roster.queries.plan import Plan, Run, plan_of

SHIFTS_PER_PAGE = 20
PEOPLE_PER_PAGE = 15
LINES_ON_PAPER = 60
_DAY = timedelta(days=1)
# A zone may be a day ahead of another, and a night that began the day before belongs to it.
_REACH = 2 * _DAY
# No run is longer than a day and the hour that a clock goes back.
_LONGEST = timedelta(hours=26)
_NO_LINES: Page[Line] = Page((), 1, has_next=False)
_NO_TIMES: Page[TimeLine] = Page((), 1, has_next=False)


@dataclass(frozen=True, slots=True)
class Grid:
    """Some days in a zone; ``gaps`` are the coming runs that nobody is on for some of the time.

    ``lines`` are those of the page; of a single day they are ``time_lines``, on its ``scale``.
    ``initials`` are by id, where there is no room for names. ``skipped`` are the turns of a
    single day that a change of the clocks leaves out. ``is_brief`` is without room for names.
    """

    view: View
    zone: str
    days: Sequence[Day]
    lines: Page[Line]
    gaps: int
    empty: Emptiness
    time_lines: Page[TimeLine] = _NO_TIMES
    scale: DayScale | None = None
    initials: Mapping[str, str] = field(default_factory=dict)
    skipped: Sequence[SkippedTurn] = ()
    is_brief: bool = False
    for_paper: bool = False

    @property
    def page(self) -> Page[Line] | Page[TimeLine]:
        """Return the lines that are shown, of days or of hours."""
        return self.lines if self.scale is None else self.time_lines

    @property
    def start_on(self) -> date:
        """Return the first day."""
        return self.days[0].on

    @property
    def last_on(self) -> date:
        """Return the last day."""
        return self.days[-1].on

    @property
    def previous_on(self) -> date:
        """Return the first day of what lies before."""
        return self.start_on - self.view.days * _DAY

    @property
    def next_on(self) -> date:
        """Return the first day of what comes after."""
        return self.start_on + self.view.days * _DAY

    @property
    def is_past(self) -> bool:
        """Return whether all of it is over."""
        return self.days[-1].is_past


def grid(
    on: date, zone: str, scope: Scope, wanted: GridFilter, *, at: datetime, page: int = 1
) -> Grid:
    """Return the days that a date lies in, as the filter's view cuts them.

    Args:
        on: any day of it.
        zone: whose calendar makes the columns and says when a run starts.
        scope: the sites whose shifts are seen.
        wanted: what it is narrowed by.
        at: the moment that decides what is past.
        page: which lines are returned; the gaps are counted over all of them.
    """
    first_on, view = wanted.view.first_on(on), wanted.view
    calendars = calendars_in_use()
    days = days_shown(first_on, view.days, zone, local_date(at, zone), calendars)
    early, late = first_on - _REACH, days[-1].on + _REACH
    off = {calendar.code: frozenset(calendar.names) for calendar in calendars}
    plan = plan_of(wanted_shifts(scope, wanted, early, late), early, late, calendars=off)
    empty = emptiness_of(plan, early, late)
    people: Sequence[Radiologist] = ()
    if wanted.by_person:
        people = people_shown(plan, free_people(scope, wanted), wanted)
    looked_at = replace(plan, shifts=_looked_at(plan, empty, people, wanted, (early, late), page))
    runs, bare = _runs(looked_at, empty, days, wanted)
    gaps = sum(run.end_at > at for run in bare)
    if wanted.by_person:
        entries = entries_by_person(runs, bare, plan, _named(people, runs, wanted))
    else:
        entries = entries_by_shift(runs, () if wanted.names_runs else plan.shifts)
    turns = skipped_turns(plan, [day.on for day in days])
    if view is View.DAY:
        scale = DayScale(days[0], zone)
        times = _page(entries, wanted, page)
        lines = [time_line_of(entry, scale, empty) for entry in times.rows]
        shown = Page(lines, page, has_next=times.has_next)
        return Grid(view, zone, days, _NO_LINES, gaps, empty, shown, scale, skipped=turns)
    some = _page(entries, wanted, page)
    most = None if wanted.for_paper else RUNS_OF_PERSON
    rows = Page(
        [line_of(entry, days, zone, plan, turns, most=most) for entry in some.rows],
        page,
        has_next=some.has_next,
    )
    brief = _is_brief(wanted)
    initials = _initials(some.rows, plan) if brief else {}
    return Grid(
        view,
        zone,
        days,
        rows,
        gaps,
        empty,
        initials=initials,
        is_brief=brief,
        for_paper=wanted.for_paper,
    )


def run_of(shift: Shift, on: date) -> Run | None:
    """Return the run of a shift that starts on a date of its own calendar, None if none does."""
    return next(plan_of([shift], on, on).runs_from(on, 1), None)


def _looked_at(
    plan: Plan,
    empty: Emptiness,
    people: Sequence[Radiologist],
    wanted: GridFilter,
    dates: tuple[date, date],
    page: int,
) -> list[Shift]:
    """Return the shifts whose runs are worked out: those of the page, and what may have gaps.

    A department has hundreds of shifts; most of them cannot have a gap, and are on another page.
    """
    if wanted.person and not wanted.by_person:
        return list(plan.shifts)
    per_page = _per_page(wanted)
    first = (page - 1) * per_page
    if wanted.gaps_only:
        shown: set[int] = set()
    elif wanted.by_person:
        # What nobody is on has the first line where there is such, and moves the others by one.
        some = people[max(first - 1, 0) : first + per_page + 1]
        by_person = seating(plan)
        shown = {key for person in some for key in by_person.get(person.pk, ())}
    else:
        shown = {shift.pk for shift in plan.shifts[first : first + per_page]}
    sure = surely_covered(plan, empty, *dates)
    return [shift for shift in plan.shifts if shift.pk in shown or shift.pk not in sure]


def _named(
    people: Sequence[Radiologist], runs: Iterable[Run], wanted: GridFilter
) -> Sequence[Radiologist]:
    """Return who has a line; where only gaps are asked for, those who are on a part of one."""
    if not wanted.gaps_only:
        return people
    seated = {person for run in runs for person in run.seated}
    return [person for person in people if person.pk in seated]


def _initials(entries: Iterable[Entry], plan: Plan) -> Mapping[str, str]:
    shown = {person for entry in entries for run in entry.runs for person in run.seated}
    return initials_of(plan.people[person] for person in shown)


def _page(entries: Sequence[Entry], wanted: GridFilter, number: int) -> Page[Entry]:
    per_page = _per_page(wanted)
    first = (number - 1) * per_page
    has_next = len(entries) > first + per_page
    return Page(entries[first : first + per_page], number, has_next=has_next)


def _is_brief(wanted: GridFilter) -> bool:
    """Return whether initials and codes stand for names; a key says whose they are."""
    if wanted.view is View.FOUR_WEEKS:
        return True
    return wanted.for_paper and (wanted.by_person or wanted.view is View.TWO_WEEKS)


def _per_page(wanted: GridFilter) -> int:
    if wanted.for_paper:
        return LINES_ON_PAPER
    return PEOPLE_PER_PAGE if wanted.by_person else SHIFTS_PER_PAGE


def _runs(
    plan: Plan, empty: Emptiness, days: Sequence[Day], wanted: GridFilter
) -> tuple[list[Run], list[Run]]:
    """Return the runs to show, and those of them that are gaps; looks at each run once.

    On a grid of days a run stands where it starts; a day's timeline has all that share a moment.
    """
    start_at, end_at = days[0].start_at, days[-1].end_at
    is_day = wanted.view is View.DAY
    found: list[Run] = []
    bare: list[Run] = []
    for run in plan.runs_between(start_at - _LONGEST if is_day else start_at, end_at):
        if run.end_at <= start_at:
            continue
        is_gap = empty.is_gap(run)
        if is_wanted(run, wanted, has_gap=is_gap):
            found.append(run)
            if is_gap:
                bare.append(run)
    return found, bare
