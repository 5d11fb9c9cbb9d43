"""The roster as a grid of days: who is on which run, on whose clock, and what nobody is on."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, time, timedelta

import pytest

from apps.assignment.snapshot.load import load_config
from apps.core.access import EVERYWHERE, Scope
from apps.engine.compiled import compile_config
from apps.engine.occurrences import on_shift
from apps.roster.models import Radiologist, RosterOverride, Shift, ShiftSite
from apps.roster.queries.grid.filters import GridFilter
from apps.roster.queries.grid.grid import Grid, grid, run_of
from apps.roster.queries.grid.lines import Line
from apps.roster.queries.plan import Run
from apps.roster.templatetags.rota import length_note, run_hours
from tests.factories.catalog import SiteFactory
from tests.factories.people import RadiologistFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory, ShiftWorkTypeFactory
from tests.factories.times import NOON

pytestmark = pytest.mark.db

BRISBANE = "Australia/Brisbane"
MONDAY = date(2026, 2, 2)
WEDNESDAY = date(2026, 2, 4)
DAY = timedelta(days=1)


def shift(code: str = "DAY", hours: tuple[int, int] = (8, 16), **values: object) -> Shift:
    start, end = hours
    return ShiftFactory.create(code=code, start_local=time(start), end_local=time(end), **values)


def person(name: str, **values: object) -> Radiologist:
    return RadiologistFactory.create(id=name, family_name=name.title(), **values)


def put_on(on: Shift, *names: str, start: date = date(2026, 1, 1), **values: object) -> None:
    for name in names:
        RosterAssignmentFactory.create(
            shift=on,
            radiologist=Radiologist.objects.filter(pk=name).first() or person(name),
            start_date=start,
            **values,
        )


def override(kind: str, name: str, first: date, last: date, **values: object) -> RosterOverride:
    return RosterOverride.objects.create(
        kind=kind,
        radiologist=Radiologist.objects.get(pk=name),
        start_date=first,
        end_date=last,
        **values,
    )


def shown(
    wanted: GridFilter | None = None,
    *,
    on: date = MONDAY,
    zone: str = BRISBANE,
    scope: Scope = EVERYWHERE,
) -> Grid:
    return grid(on, zone, scope, wanted or GridFilter(), at=NOON)


def names(run: Run) -> list[str]:
    return [seat.person.pk for seat in run.present]


def days(line: Line) -> list[list[list[str]]]:
    """Return for each day the people of each run."""
    return [[names(run) for run in cell.runs] for cell in line.cells]


def titles(found: Grid) -> list[str]:
    return [
        line.shift.code if line.shift else line.person.pk if line.person else "nobody"
        for line in found.lines.rows
    ]


@pytest.mark.parametrize(
    ("zone", "on", "hours", "note"),
    [
        ("Australia/Sydney", "2026-04-04", "23:00 to 07:00", "9 h instead of 8 h"),
        ("Australia/Sydney", "2026-10-03", "23:00 to 07:00", "7 h instead of 8 h"),
        ("Australia/Lord_Howe", "2026-04-04", "23:00 to 07:00", "8 h 30 min instead of 8 h"),
        ("Australia/Lord_Howe", "2026-10-03", "23:00 to 07:00", "7 h 30 min instead of 8 h"),
        ("Australia/Sydney", "2026-04-05", "23:00 to 07:00", ""),
        (BRISBANE, "2026-04-04", "23:00 to 07:00", ""),
    ],
)
def test_a_night_on_which_the_clocks_change_says_its_real_length(
    zone: str, on: str, hours: str, note: str
) -> None:
    run = run_of(shift("NIGHT", (23, 7), time_zone=zone), date.fromisoformat(on))
    assert run is not None
    assert run_hours(run, zone) == hours
    assert length_note(run) == (f"{note}: the clocks change" if note else "")


def test_a_round_the_clock_run_says_so_unless_the_clocks_change_in_it() -> None:
    around = shift("ALL", (7, 7), time_zone="Australia/Sydney")
    usual, longer = run_of(around, MONDAY), run_of(around, date(2026, 4, 4))
    assert usual is not None
    assert longer is not None
    assert run_hours(usual, "Australia/Sydney") == "24 h from 07:00"
    assert run_hours(longer, "Australia/Sydney") == "07:00 to 07:00"
    assert length_note(longer) == "25 h instead of 24 h: the clocks change"


def test_a_night_is_shown_on_the_day_on_which_it_starts_and_once() -> None:
    put_on(shift("NIGHT", (22, 6), weekdays=[7, 3]), "ANN")
    (line,) = shown().lines.rows
    # The night of the Sunday before reaches into Monday, and is the other week's.
    assert days(line) == [[], [], [["ANN"]], [], [], [], [["ANN"]]]


def test_the_zone_of_the_week_decides_on_which_day_a_run_is_shown() -> None:
    put_on(shift("PERTH", (23, 7), time_zone="Australia/Perth", weekdays=[3]), "ANN")
    (here,), (there,) = shown().lines.rows, shown(zone="Australia/Perth").lines.rows
    assert days(here) == [[], [], [], [["ANN"]], [], [], []]
    assert days(there) == [[], [], [["ANN"]], [], [], [], []]
    (run,) = here.cells[3].runs
    assert (run.start_on, run_hours(run, BRISBANE)) == (WEDNESDAY, "01:00 to 09:00")


def test_any_day_of_a_week_gives_its_monday() -> None:
    found = [shown(on=MONDAY + ahead * DAY) for ahead in range(7)]
    assert {(one.start_on, one.last_on) for one in found} == {(MONDAY, date(2026, 2, 8))}
    assert (found[0].previous_on, found[0].next_on) == (date(2026, 1, 26), date(2026, 2, 9))


@pytest.mark.parametrize(
    ("zone", "today"), [(BRISBANE, WEDNESDAY), ("Pacific/Honolulu", WEDNESDAY - DAY)]
)
def test_today_and_what_is_past_follow_the_zone(zone: str, today: date) -> None:
    found = shown(zone=zone).days
    assert [day.on for day in found if day.is_today] == [today]
    assert [day.on for day in found if day.is_past] == [
        MONDAY + ahead * DAY for ahead in range((today - MONDAY).days)
    ]


def test_leave_swaps_extra_turns_and_those_switched_off_are_taken_into_account() -> None:
    work = shift()
    put_on(work, "ANN", "BEN")
    put_on(work, "OFF", start=MONDAY)
    put_on(work, "GONE", status="cancelled")
    Radiologist.objects.filter(pk="OFF").update(is_active=False)
    taker, _ = person("TAKER"), person("EXTRA")
    override("leave", "ANN", MONDAY, MONDAY)
    override("swap", "BEN", MONDAY, MONDAY + DAY, shift=work, taker=taker)
    override("extra", "EXTRA", WEDNESDAY, WEDNESDAY, shift=work)
    override("leave", "EXTRA", WEDNESDAY, WEDNESDAY, status="cancelled")
    (line,) = shown().lines.rows
    assert days(line)[:4] == [
        [["TAKER"]],
        [["ANN", "TAKER"]],
        [["ANN", "BEN", "EXTRA"]],
        [["ANN", "BEN"]],
    ]
    (monday,) = line.cells[0].runs
    assert [(seat.person.pk, seat.by, seat.is_present) for seat in monday.seats] == [
        ("ANN", "row", False),
        ("OFF", "row", False),
        ("TAKER", "swap", True),
    ]


def test_only_coming_runs_that_nobody_is_on_are_gaps() -> None:
    put_on(shift(), "ANN")
    override("leave", "ANN", MONDAY, date(2026, 2, 5))
    found = shown()
    # Monday and Tuesday are over; Wednesday is under way.
    assert found.gaps == 2
    assert days(found.lines.rows[0])[:5] == [[[]], [[]], [[]], [[]], [["ANN"]]]


def test_gaps_only_shows_just_the_runs_that_nobody_is_on() -> None:
    put_on(shift("FULL"), "ANN")
    put_on(shift("PART"), "BEN", end_date=date(2026, 2, 6))
    found = shown(GridFilter(gaps_only=True))
    assert titles(found) == ["PART"]
    assert days(found.lines.rows[0]) == [[], [], [], [], [], [[]], [[]]]


def test_by_person_shows_gaps_first_then_everybody_the_free_ones_too() -> None:
    put_on(shift("ONE", weekdays=[1, 2]), "ANN")
    shift("BARE", weekdays=[3])
    person("FREE")
    person("FORMER", is_active=False)
    override("leave", "ANN", MONDAY + DAY, WEDNESDAY)
    found = shown(GridFilter(by_person=True))
    assert titles(found) == ["nobody", "ANN", "FREE"]
    bare, ann, free = found.lines.rows
    assert [[run.shift.code for run in cell.runs] for cell in bare.cells][:4] == [
        [],
        ["ONE"],
        ["BARE"],
        [],
    ]
    assert [len(cell.runs) for cell in ann.cells] == [1, 1, 0, 0, 0, 0, 0]
    assert [bool(cell.away) for cell in ann.cells][:4] == [False, True, True, False]
    assert not any(cell.runs for cell in free.cells)


def test_of_a_person_who_is_on_everything_a_few_runs_are_shown_and_the_others_counted() -> None:
    for number in range(5):
        put_on(shift(f"S{number}", (8 + number, 16), weekdays=[1, 2]), "ANN")
    (ann,) = shown(GridFilter(by_person=True)).lines.rows
    assert [(len(cell.runs), cell.more) for cell in ann.cells][:3] == [(3, 2), (3, 2), (0, 0)]
    assert [run.shift.code for run in ann.cells[0].runs] == ["S0", "S1", "S2"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (GridFilter(), ["ALL", "CT_NORTH", "MR_SOUTH"]),
        (GridFilter(site="NORTH"), ["ALL", "CT_NORTH"]),
        (GridFilter(cluster="SOUTHERN"), ["ALL", "MR_SOUTH"]),
        (GridFilter(modality="CT"), ["ALL", "CT_NORTH"]),
        (GridFilter(shift="south"), ["MR_SOUTH"]),
        (GridFilter(person="ben"), ["MR_SOUTH"]),
        (GridFilter(person="nobody like that"), []),
        (GridFilter(site="NORTH", by_person=True), ["ANN", "CAT"]),
        (GridFilter(person="ann", by_person=True), ["ANN"]),
    ],
    ids=str,
)
def test_filters(wanted: GridFilter, expected: list[str]) -> None:
    sites = {
        code: SiteFactory.create(code=code, cluster__code=cluster)
        for code, cluster in (("NORTH", "NORTHERN"), ("SOUTH", "SOUTHERN"))
    }
    made = [("CT_NORTH", "CT", "NORTH", "ANN"), ("MR_SOUTH", "MR", "SOUTH", "BEN")]
    for code, modality, site, name in made:
        work = ShiftWorkTypeFactory.create(shift=shift(code), modality=modality).shift
        ShiftSite.objects.create(shift=work, site=sites[site])
        put_on(work, name)
    put_on(ShiftWorkTypeFactory.create(shift=shift("ALL")).shift, "CAT")
    assert titles(shown(wanted)) == expected


def test_a_scope_sees_the_shifts_of_its_sites_and_of_every_site_and_their_people_only() -> None:
    here, there = SiteFactory.create(code="HERE"), SiteFactory.create(code="THERE")
    for code, site in (("MINE", here), ("THEIRS", there)):
        work = shift(code)
        ShiftSite.objects.create(shift=work, site=site)
        put_on(work, f"DR_{code}")
    put_on(shift("ALL"), "DR_ALL")
    foreign = person("DR_FOREIGN")
    foreign.home_sites.create(site=there)
    Radiologist.objects.get(pk="DR_THEIRS").home_sites.create(site=there)
    scope = Scope(site_ids=frozenset({here.pk}))
    assert titles(shown(scope=scope)) == ["ALL", "MINE"]
    assert titles(shown(GridFilter(by_person=True), scope=scope)) == ["DR_ALL", "DR_MINE"]
    assert titles(shown(scope=Scope())) == []


def test_a_shift_that_is_switched_off_or_in_an_unknown_zone_has_no_line() -> None:
    shift("OFF", is_active=False)
    shift("LOST", time_zone="Mars/Olympus")
    assert titles(shown()) == []


def test_lines_come_in_pages_and_gaps_are_counted_over_all() -> None:
    for number in range(45):
        shift(f"S{number:02}", weekdays=[5])
    found = grid(MONDAY, BRISBANE, EVERYWHERE, GridFilter(), at=NOON, page=2)
    assert (titles(found), found.gaps) == ([f"S{n:02}" for n in range(20, 40)], 45)
    assert (found.lines.previous, found.lines.next) == (1, 3)


def test_the_day_before_today_is_no_run_of_a_weekly_shift() -> None:
    weekly = shift("WEEKLY", weekdays=[3])
    assert run_of(weekly, WEDNESDAY) is not None
    assert run_of(weekly, WEDNESDAY - DAY) is None


def _anybody(dice: random.Random) -> Callable[[], Radiologist]:
    people = [person(f"P{number}") for number in range(6)]
    return lambda: dice.choice(people)


def _random_roster(dice: random.Random) -> Sequence[Shift]:
    """Make rows, leave, swaps and extra turns that overlap in every way."""
    shifts = [
        shift("A", (8, 16)),
        shift("B", (22, 6), time_zone="Europe/Berlin"),
        shift("C", (0, 0), time_zone="Pacific/Kiritimati"),
    ]
    anybody = _anybody(dice)

    def dates() -> dict[str, date]:
        start = MONDAY + dice.randint(-5, 8) * DAY
        return {"start_date": start, "end_date": start + dice.randint(0, 4) * DAY}

    for one in shifts:
        for seat in range(4):
            put_on(one, f"P{seat}", start=MONDAY + dice.randint(-4, 4) * DAY)
    for _ in range(10):
        RosterOverride.objects.create(kind="leave", radiologist=anybody(), **dates())
        one, giver, taker = dice.choice(shifts), anybody(), anybody()
        RosterOverride.objects.create(kind="extra", shift=one, radiologist=anybody(), **dates())
        days = dates()
        given = RosterOverride.objects.filter(kind="swap", shift=one, radiologist=giver).filter(
            start_date__lte=days["end_date"], end_date__gte=days["start_date"]
        )
        if giver != taker and not given.exists():  # a seat is given away once at a time
            RosterOverride.objects.create(
                kind="swap", shift=one, radiologist=giver, taker=taker, **days
            )
    return shifts


@pytest.mark.parametrize("seed", range(5))
def test_the_week_shows_exactly_whom_the_engine_takes(seed: int) -> None:
    _random_roster(random.Random(seed))  # noqa: S311 -- a seeded roster, no secret
    compiled = compile_config(load_config({}))
    runs = [run for line in shown().lines.rows for cell in line.cells for run in cell.runs]
    assert len(runs) >= 20
    for run in runs:
        on = on_shift(compiled, run.start_at + run.length / 2)[run.shift.code]
        assert names(run) == list(on.people)
        assert [seat.person.pk for seat in run.seats if seat.leave] == list(on.on_leave)
