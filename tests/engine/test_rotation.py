"""Whose turn it is: weeks, days and runs, patterns of weeks, and years of them at no cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.rota import HolidayMode, RosterRow, RotationFacts, RotationUnit, ShiftFacts
from apps.engine.rotation import holds, turn_holder
from tests.engine.build import config, shift
from tests.engine.plain_roster import days_between, runs_on, turn

MONDAY = date(2026, 2, 2)
WEEKENDS = shift(weekdays=frozenset({6, 7}))
DAILY = shift()


def rotation(*people: str, **changes: Any) -> RotationFacts:
    return replace(RotationFacts("MRI_MSK", people, MONDAY, None), **changes)


def holders(asked: RotationFacts, on: ShiftFacts, days: int, first_on: date = MONDAY) -> str:
    """Return whose turn each day is: a letter, ``-`` for meant to be nobody's, ``.`` for none."""
    found = (
        turn_holder(asked, on, day) for day in days_between(first_on, first_on + timedelta(days))
    )
    return "".join("." if holder is None else holder or "-" for holder in found)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (rotation("A", "B"), "AAAAAAABBBBBBBAAAAAAA"),
        (rotation("A", "B", length=2), "AAAAAAAAAAAAAABBBBBBB"),
        (rotation("A", "B", "C", unit=RotationUnit.DAYS), "ABCABCABCABCABCABCABC"),
        (rotation("A", "B", unit=RotationUnit.DAYS, length=3), "AAABBBAAABBBAAABBBAAA"),
        (rotation("A", "", unit=RotationUnit.DAYS, length=4), "AAAA----AAAA----AAAA-"),
        (rotation("A", "B", start_on=date(2026, 2, 5)), "...AAAAAAABBBBBBBAAAA"),
        (rotation("A", "B", end_on=date(2026, 2, 10)), "AAAAAAABB............"),
        (rotation("A", "B", weekdays=frozenset({1, 5})), "A...A..B...B..A...A.."),
        (rotation(), "....................."),
    ],
    ids=[
        "week",
        "two weeks",
        "day",
        "three days",
        "nobody's",
        "mid-week",
        "ended",
        "days",
        "empty",
    ],
)
def test_turns_of_a_daily_shift(asked: RotationFacts, expected: str) -> None:
    assert holders(asked, DAILY, 21) == expected


def test_turns_counted_in_runs_skip_the_days_on_which_the_shift_rests() -> None:
    each = rotation("A", "B", "C", unit=RotationUnit.RUNS)

    weekends = [holders(each, WEEKENDS, 2, date(2026, 2, day)) for day in (7, 14, 21)]

    assert weekends == ["AB", "CA", "BC"]


def test_a_week_s_turn_hands_over_at_the_first_run_of_the_next_week() -> None:
    nights = shift(weekdays=frozenset({1, 3, 5, 7}))
    asked = rotation("A", "B", start_on=date(2026, 2, 4))

    assert holders(asked, nights, 14, date(2026, 2, 4)) == "AAAAAAABBBBBBB"


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (HolidayMode.RUNS, "ABABABABAB"),
        (HolidayMode.RESTS, "ABBABABBAB"),
        (HolidayMode.ALSO, "ABABABABAB"),
        (HolidayMode.ONLY, "AABBBBBAAA"),
    ],
)
def test_holidays_count_as_the_shift_keeps_them(mode: HolidayMode, expected: str) -> None:
    days_off = frozenset({date(2026, 2, 3), date(2026, 2, 8)})
    asked = shift(holiday_mode=mode, holidays=days_off, calendar="H")

    assert holders(rotation("A", "B", unit=RotationUnit.RUNS), asked, 10) == expected


def test_a_holiday_run_of_a_shift_that_else_rests_takes_a_turn() -> None:
    asked = shift(
        weekdays=frozenset({6}),
        holiday_mode=HolidayMode.ALSO,
        holidays=frozenset({date(2026, 2, 4)}),
    )
    each = rotation("A", "B", "C", unit=RotationUnit.RUNS)

    ran = [date(2026, 2, 4), date(2026, 2, 7), date(2026, 2, 14)]

    assert [turn_holder(each, asked, on) for on in ran] == ["A", "B", "C"]


@settings(max_examples=150, deadline=None)
@given(
    unit=st.sampled_from(RotationUnit),
    length=st.integers(1, 4),
    people=st.lists(st.sampled_from(["A", "B", "C", ""]), min_size=1, max_size=4),
    shift_days=st.frozensets(st.integers(1, 7)),
    only=st.frozensets(st.integers(1, 7)),
    mode=st.sampled_from(HolidayMode),
    days_off=st.frozensets(st.integers(0, 60), max_size=12),
)
def test_turns_are_those_that_counting_day_by_day_gives(
    unit: RotationUnit,
    length: int,
    people: list[str],
    shift_days: frozenset[int],
    only: frozenset[int],
    mode: HolidayMode,
    days_off: frozenset[int],
) -> None:
    holidays = frozenset(MONDAY + timedelta(days=ahead) for ahead in days_off)
    made = config(calendars={"H": holidays})
    asked = shift(weekdays=shift_days, holiday_mode=mode, calendar="H")
    known = replace(asked, holidays=holidays)
    turns = rotation(*people, unit=unit, length=length, weekdays=only)

    for on in days_between(MONDAY, MONDAY + timedelta(days=60)):
        assert known.runs_on(on) is runs_on(made, asked, on)
        assert turn_holder(turns, known, on) == turn(made, turns, asked, on)


def test_a_rotation_that_began_a_lifetime_ago_costs_no_more_to_ask() -> None:
    holidays = frozenset(days_between(date(1930, 1, 1), date(2030, 1, 1)))
    some = frozenset(on for on in holidays if on.day == 1)
    asked = shift(holiday_mode=HolidayMode.RESTS, holidays=some)
    old = rotation("A", "B", "C", unit=RotationUnit.RUNS, start_on=date(1930, 1, 1))
    turn_holder(old, asked, MONDAY)

    began = process_time()
    for ahead in range(1_000):
        turn_holder(old, asked, MONDAY + timedelta(days=ahead))

    # Counting its 35,000 days each time would take minutes.
    assert process_time() - began < 1


def held(row: RosterRow, days: int) -> str:
    dates = days_between(MONDAY, MONDAY + timedelta(days=days))
    return "".join("x" if holds(row, on) else "." for on in dates)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "xxxxxxxxxxxxxxxxxxxxx"),
        ({"weekdays": frozenset({2, 4})}, ".x.x....x.x....x.x..."),
        ({"every_weeks": 2}, "xxxxxxx.......xxxxxxx"),
        ({"every_weeks": 2, "start_on": date(2026, 2, 4)}, "..xxxxx.......xxxxxxx"),
        ({"every_weeks": 3, "start_on": date(2026, 2, 8)}, "......x.............."),
        ({"every_weeks": 2, "weekdays": frozenset({7})}, "......x.............x"),
        ({"end_on": date(2026, 2, 4)}, "xxx.................."),
    ],
    ids=["plain", "weekdays", "fortnight", "from mid-week", "third week", "both", "ended"],
)
def test_rows_hold_on_their_weekdays_and_weeks(changes: dict[str, Any], expected: str) -> None:
    row = RosterRow("MRI_MSK", "A", MONDAY, None)

    assert held(replace(row, **changes), 21) == expected
