"""One day of the roster true to scale: bars in steps of a quarter of an hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from apps.catalog.models import CalendarDay, HolidayCalendar
from apps.core.access import EVERYWHERE
from apps.roster.models import (
    PlannedGap,
    Radiologist,
    RosterOverride,
    Rotation,
    RotationTurn,
    Shift,
)
from apps.roster.queries.grid.filters import GridFilter, View
from apps.roster.queries.grid.grid import Grid, grid
from apps.roster.queries.grid.timeline import Bar, TimeLine
from tests.factories.people import RadiologistFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory
from tests.factories.times import NOON

pytestmark = pytest.mark.db

BRISBANE, SYDNEY = "Australia/Brisbane", "Australia/Sydney"
WEDNESDAY = date(2026, 2, 4)


def shift(code: str, start: int, end: int, **values: object) -> Shift:
    return ShiftFactory.create(code=code, start_local=time(start), end_local=time(end), **values)


def put_on(on: Shift, name: str, **values: object) -> None:
    who = Radiologist.objects.filter(pk=name).first()
    who = who or RadiologistFactory.create(id=name, family_name=name.title())
    RosterAssignmentFactory.create(shift=on, radiologist=who, **values)


def day(on: date = WEDNESDAY, zone: str = BRISBANE, at: datetime = NOON, **wanted: Any) -> Grid:
    return grid(on, zone, EVERYWHERE, GridFilter(view=View.DAY, **wanted), at=at)


def lines(found: Grid) -> list[TimeLine]:
    return list(found.time_lines.rows)


def shown(bars: Sequence[Bar]) -> list[tuple[str, int, int, str]]:
    """Return who or why, where, and in which state."""
    return [
        (
            bar.seat.person.pk if bar.seat else bar.why,
            bar.place.start,
            bar.place.span,
            bar.state,
        )
        for bar in bars
    ]


def test_a_bar_lies_where_the_clock_says_and_a_night_shows_both_its_ends() -> None:
    put_on(shift("DAY", 8, 16), "ANN")
    put_on(shift("NIGHT", 22, 6), "BEN")
    by_day, by_night = lines(day())
    assert shown(by_day.tracks[0]) == [("ANN", 33, 32, "on")]
    assert shown(by_night.tracks[0]) == [("BEN", 1, 24, "on"), ("BEN", 89, 8, "on")]
    ended, begun = by_night.tracks[0]
    assert (ended.place.is_begun, ended.place.goes_on) == (True, False)
    assert (begun.place.is_begun, begun.place.goes_on) == (False, True)


@pytest.mark.parametrize(
    ("on", "steps", "hours", "bar"),
    [
        # The clocks go back at 03:00: 25 hours, 02 comes twice.
        (date(2026, 4, 5), 100, ["00", "01", "02", "02", "03"], (5, 28)),
        # They go forward at 02:00: 23 hours, there is no 02.
        (date(2026, 10, 4), 92, ["00", "01", "03", "04", "05"], (5, 20)),
    ],
)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(
    on: date, steps: int, hours: list[str], bar: tuple[int, int]
) -> None:
    put_on(shift("EARLY", 1, 7, time_zone=SYDNEY), "ANN")
    found = day(on, SYDNEY)
    assert found.scale is not None
    assert (found.scale.steps, [hour.label for hour in found.scale.hours][:5]) == (steps, hours)
    assert shown(lines(found)[0].tracks[0]) == [("ANN", *bar, "on")]


def test_half_an_hour_is_two_steps_where_the_clocks_change_by_it() -> None:
    found = day(date(2026, 4, 5), "Australia/Lord_Howe")
    assert found.scale is not None
    assert found.scale.steps == 98
    assert [hour.is_again for hour in found.scale.hours].count(True) == 1


def test_parts_are_drawn_as_parts_and_what_is_left_alone_is_a_gap() -> None:
    work = shift("DAY", 8, 16)
    put_on(work, "ANN", end_date=date(2026, 2, 3))
    RosterOverride.objects.create(
        kind="extra", shift=work, radiologist_id="ANN", start_date=WEDNESDAY, end_date=WEDNESDAY,
        start_local=time(9), end_local=time(12),
    )  # fmt: skip
    (line,) = lines(day())
    assert [shown(track) for track in line.tracks] == [
        [("", 33, 4, "gap"), ("", 49, 16, "gap")],
        [("ANN", 37, 12, "on")],
    ]


def test_hours_away_cut_a_bar_and_stand_on_the_persons_own_line() -> None:
    put_on(shift("DAY", 8, 16), "ANN")
    RosterOverride.objects.create(
        kind="other_work", radiologist_id="ANN", start_date=WEDNESDAY, end_date=WEDNESDAY,
        start_local=time(10), end_local=time(11), time_zone=BRISBANE, note="Tumour board",
    )  # fmt: skip
    _, ann = lines(day(by_person=True))
    assert shown(ann.tracks[0]) == [
        ("ANN", 33, 8, "on"),
        ("ANN", 41, 4, "away"),
        ("Tumour board", 41, 4, "away"),
        ("ANN", 45, 20, "on"),
    ]


def test_what_is_meant_to_be_empty_is_no_gap_and_says_why() -> None:
    for code in ("PLANNED", "NOBODYS", "ANYHOW", "BARE"):
        shift(code, 8, 16, readers_wanted=0 if code == "ANYHOW" else 1)
    PlannedGap.objects.create(
        shift=Shift.objects.get(code="PLANNED"), start_date=WEDNESDAY, reason="Scanner is serviced"
    )
    rotation = Rotation.objects.create(
        shift=Shift.objects.get(code="NOBODYS"), start_date=WEDNESDAY
    )
    RotationTurn.objects.create(rotation=rotation, position=0, radiologist=None)
    found = day()
    why = {line.shift.code: shown(line.tracks[0])[0][0::3] for line in lines(found) if line.shift}
    assert why == {
        "PLANNED": ("Scanner is serviced", "empty"),
        "NOBODYS": ("nobody's turn", "empty"),
        "ANYHOW": ("may be empty", "empty"),
        "BARE": ("", "gap"),
    }
    assert found.gaps == 1
    only = [line.shift.code for line in lines(day(gaps_only=True)) if line.shift]
    assert only == ["BARE"]


def test_holidays_of_the_calendars_in_use_head_their_days() -> None:
    calendar = HolidayCalendar.objects.create(
        code="AU-QLD", name="Queensland", country="AU", subdivision="QLD"
    )
    CalendarDay.objects.create(calendar=calendar, on=WEDNESDAY, name="Move of the scanners")
    work = shift("DAY", 8, 16)
    at = datetime.combine(date(2026, 1, 26), time(12), NOON.tzinfo)

    def named() -> dict[date, list[str]]:
        found = grid(
            date(2026, 1, 26), BRISBANE, EVERYWHERE, GridFilter(view=View.TWO_WEEKS), at=at
        )
        return {one.on: list(one.holidays) for one in found.days if one.holidays}

    assert named() == {}
    Shift.objects.filter(pk=work.pk).update(calendar=calendar, holiday_mode="rests")
    assert named() == {date(2026, 1, 26): ["Australia Day"], WEDNESDAY: ["Move of the scanners"]}
    found = grid(date(2026, 1, 26), BRISBANE, EVERYWHERE, GridFilter(), at=at)
    assert [cell.rests for cell in found.lines.rows[0].cells][:2] == ["rests", ""]


def test_a_run_that_the_clock_skips_is_told() -> None:
    shift("SKIPPED", 2, 3, time_zone=SYDNEY)
    found = grid(date(2026, 10, 4), SYDNEY, EVERYWHERE, GridFilter(), at=NOON)
    assert [cell.rests for cell in found.lines.rows[0].cells][5:] == [
        "",
        "skipped: the clocks change",
    ]


@pytest.mark.parametrize("by_person", [False, True])
def test_a_day_names_the_turns_that_the_clock_skips(by_person: bool) -> None:
    put_on(shift("SKIPPED", 2, 3, time_zone=SYDNEY), "ANN")
    found = day(date(2026, 10, 4), SYDNEY, by_person=by_person)
    told = [(turn.shift.code, turn.on, sorted(turn.people)) for turn in found.skipped]
    assert told == [("SKIPPED", date(2026, 10, 4), ["ANN"])]
    assert day(date(2026, 10, 5), SYDNEY, by_person=by_person).skipped == []


def test_a_persons_line_says_which_of_their_turns_is_skipped() -> None:
    put_on(shift("SKIPPED", 2, 3, time_zone=SYDNEY, name="Small hours"), "ANN")
    put_on(shift("DAY", 8, 16, time_zone=SYDNEY), "BEN")
    wanted = GridFilter(by_person=True, person="ANN")
    found = grid(date(2026, 10, 4), SYDNEY, EVERYWHERE, wanted, at=NOON)
    assert [[cell.rests for cell in line.cells][5:] for line in found.lines.rows] == [
        ["", "Small hours skipped: the clocks change"]
    ]
    wanted = GridFilter(by_person=True, person="BEN")
    found = grid(date(2026, 10, 4), SYDNEY, EVERYWHERE, wanted, at=NOON)
    assert {cell.rests for line in found.lines.rows for cell in line.cells} == {""}


@pytest.mark.parametrize(
    ("view", "first", "days"),
    [
        (View.DAY, WEDNESDAY, 1),
        (View.WEEK, date(2026, 2, 2), 7),
        (View.TWO_WEEKS, date(2026, 2, 2), 14),
        (View.FOUR_WEEKS, date(2026, 2, 2), 28),
    ],
)
def test_each_view_shows_its_days_and_turns_by_them(view: View, first: date, days: int) -> None:
    found = grid(WEDNESDAY, BRISBANE, EVERYWHERE, GridFilter(view=view), at=NOON)
    assert (found.start_on, len(found.days)) == (first, days)
    assert found.next_on - found.start_on == found.start_on - found.previous_on == timedelta(days)


def test_people_with_the_same_initials_can_be_told_apart() -> None:
    work = shift("DAY", 8, 16)
    for given, family in (("John", "Smith"), ("Jane", "Small"), ("Ann", "Lee")):
        who = RadiologistFactory.create(id=family.upper(), given_name=given, family_name=family)
        RosterAssignmentFactory.create(shift=work, radiologist=who)
    found = grid(WEDNESDAY, BRISBANE, EVERYWHERE, GridFilter(view=View.FOUR_WEEKS), at=NOON)
    assert found.initials == {"SMITH": "JSmi", "SMALL": "JSma", "LEE": "AL"}
