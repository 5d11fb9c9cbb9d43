"""Shifts on the wall clock, in moments: midnight, both DST changes, weekdays, boundaries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest

from apps.engine.codes import ActionType
from apps.engine.compiled import compile_config
from apps.engine.occurrences import (
    next_boundary,
    next_change,
    occurrences,
    occurrences_from,
    on_shift,
    skipped,
)
from apps.engine.rota import ShiftFacts
from tests.engine.build import AT, config, department, rule, shift


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(start: str, end: str, zone: str, **changes: Any) -> ShiftFacts:
    return shift(
        start_local=time.fromisoformat(start),
        end_local=time.fromisoformat(end),
        zone=zone,
        **changes,
    )


# Each row: zone, hours, local start date, expected moments in UTC.
NIGHTS = [
    # Europe/Berlin: 2026-03-29 02:00 -> 03:00, 2026-10-25 03:00 -> 02:00.
    ("Europe/Berlin", "22:00", "06:00", "2026-03-27", ["27T21:00 28T05:00"]),
    ("Europe/Berlin", "22:00", "06:00", "2026-03-28", ["28T21:00 29T04:00"]),
    ("Europe/Berlin", "02:30", "10:00", "2026-03-29", ["29T01:00 29T08:00"]),
    ("Europe/Berlin", "18:00", "02:30", "2026-03-28", ["28T17:00 29T01:00"]),
    ("Europe/Berlin", "22:00", "06:00", "2026-10-24", ["24T20:00 25T05:00"]),
    # Each shows its half of the repeated hour twice, the other half is another's.
    ("Europe/Berlin", "02:30", "10:00", "2026-10-25", ["25T00:30 25T01:00", "25T01:30 25T09:00"]),
    ("Europe/Berlin", "18:00", "02:30", "2026-10-24", ["24T16:00 25T00:30", "25T01:00 25T01:30"]),
    ("Europe/Berlin", "02:10", "02:20", "2026-10-25", ["25T00:10 25T00:20", "25T01:10 25T01:20"]),
    ("Europe/Berlin", "02:00", "03:00", "2026-10-25", ["25T00:00 25T02:00"]),
    ("Europe/Berlin", "08:00", "08:00", "2026-10-24", ["24T06:00 25T07:00"]),
    ("Europe/Berlin", "02:30", "02:30", "2026-10-24", ["24T00:30 25T00:30", "25T01:00 25T01:30"]),
    ("Europe/Berlin", "02:30", "02:30", "2026-10-25", ["25T00:30 25T01:00", "25T01:30 26T01:30"]),
    # Australia/Brisbane: no daylight saving.
    ("Australia/Brisbane", "22:00", "06:00", "2026-10-03", ["03T12:00 03T20:00"]),
    ("Australia/Brisbane", "00:00", "00:00", "2026-04-04", ["03T14:00 04T14:00"]),
    # Australia/Lord_Howe: half an hour, 2026-04-05 02:00 -> 01:30, 2026-10-04 02:00 -> 02:30.
    ("Australia/Lord_Howe", "22:00", "06:00", "2026-04-04", ["04T11:00 04T19:30"]),
    (
        "Australia/Lord_Howe",
        "01:45",
        "06:00",
        "2026-04-05",
        ["04T14:45 04T15:00", "04T15:15 04T19:30"],
    ),
    (
        "Australia/Lord_Howe",
        "22:00",
        "01:45",
        "2026-04-04",
        ["04T11:00 04T14:45", "04T15:00 04T15:15"],
    ),
    ("Australia/Lord_Howe", "22:00", "06:00", "2026-10-03", ["03T11:30 03T19:00"]),
    ("Australia/Lord_Howe", "02:15", "06:00", "2026-10-04", ["03T15:30 03T19:00"]),
    # America/New_York: 2026-03-08 02:00 -> 03:00, 2026-11-01 02:00 -> 01:00.
    ("America/New_York", "23:00", "07:00", "2026-03-07", ["08T04:00 08T11:00"]),
    ("America/New_York", "23:00", "07:00", "2026-11-01", ["02T04:00 02T12:00"]),
    (
        "America/New_York",
        "01:30",
        "09:00",
        "2026-11-01",
        ["01T05:30 01T06:00", "01T06:30 01T14:00"],
    ),
    # Asia/Beirut: midnight is skipped on 2026-03-29, 23:00 comes twice on 2026-10-24.
    ("Asia/Beirut", "23:00", "07:00", "2026-03-28", ["28T21:00 29T04:00"]),
    ("Asia/Beirut", "00:00", "08:00", "2026-03-29", ["28T22:00 29T05:00"]),
    ("Asia/Beirut", "15:00", "23:30", "2026-10-24", ["24T12:00 24T20:30", "24T21:00 24T21:30"]),
    ("Asia/Beirut", "23:30", "07:30", "2026-10-24", ["24T20:30 24T21:00", "24T21:30 25T05:30"]),
    # Pacific/Apia slept through the whole of 2011-12-30.
    ("Pacific/Apia", "08:00", "16:00", "2011-12-30", []),
    ("Pacific/Apia", "22:00", "06:00", "2011-12-29", ["30T08:00 30T10:00"]),
    ("Pacific/Apia", "22:00", "06:00", "2011-12-30", ["30T10:00 30T16:00"]),
]


@pytest.mark.parametrize(("zone", "start", "end", "on", "moments"), NIGHTS)
def test_an_occurrence_follows_the_wall_clock(
    zone: str, start: str, end: str, on: str, moments: list[str]
) -> None:
    day = date.fromisoformat(on)
    noon = utc(f"{on}T12:00")

    runs = occurrences(hours(start, end, zone), noon - timedelta(days=2), noon + timedelta(days=2))

    assert moments == [
        f"{run.start_at:%dT%H:%M} {run.end_at:%dT%H:%M}" for run in runs if run.start_on == day
    ]


def test_a_night_is_nine_hours_long_when_the_clock_goes_back_and_seven_when_it_goes_on() -> None:
    night = hours("23:00", "07:00", "America/New_York")
    dates = [date(2026, 3, 6), date(2026, 3, 7), date(2026, 10, 30), date(2026, 10, 31)]

    lengths = [run.end_at - run.start_at for on in dates for run in occurrences_from(night, on, 1)]

    assert lengths == [timedelta(hours=long) for long in (8, 7, 8, 9)]


def test_runs_come_in_order_of_their_start_even_where_two_dates_mix() -> None:
    around = hours("23:30", "23:30", "Asia/Beirut")

    runs = occurrences(around, utc("2026-10-24T12:00"), utc("2026-10-25T12:00"))

    assert [(run.start_on.day, f"{run.start_at:%H:%M}") for run in runs] == [
        (23, "20:30"),
        (24, "20:30"),
        (23, "21:00"),
        (24, "21:30"),
    ]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "America/New_York"])
@pytest.mark.parametrize("change", ["01:45", "02:15", "02:30", "01:30"])
def test_shifts_that_meet_leave_no_moment_without_a_reader(zone: str, change: str) -> None:
    first, second = hours("14:00", change, zone), hours(change, "14:00", zone)
    for start in (utc("2026-03-01T00:00"), utc("2026-09-25T00:00")):
        end = start + timedelta(days=45)
        runs = sorted(
            (run.start_at, run.end_at)
            for one in (first, second)
            for run in occurrences(one, start, end)
        )
        assert all(following[0] <= run[1] for run, following in pairwise(runs))


def test_a_run_that_the_clock_skips_whole_is_no_run() -> None:
    lost = hours("02:10", "02:50", "Europe/Berlin")

    runs = occurrences(lost, utc("2026-03-28T00:00"), utc("2026-03-30T12:00"))

    assert [run.start_on for run in runs] == [date(2026, 3, 28), date(2026, 3, 30)]
    assert skipped(lost, date(2026, 3, 1), 60) == [date(2026, 3, 29)]
    assert skipped(replace(lost, weekdays=frozenset({1})), date(2026, 3, 1), 60) == []


def test_weekdays_are_those_of_the_local_start_date() -> None:
    friday_night = hours("22:00", "06:00", "Australia/Brisbane", weekdays=frozenset({5}))
    compiled = compile_config(config([friday_night]))

    running = {
        text: list(on_shift(compiled, utc(text)))
        for text in (
            "2026-02-06T11:59",  # Friday 21:59
            "2026-02-06T12:00",  # Friday 22:00
            "2026-02-06T19:59",  # Saturday 05:59
            "2026-02-06T20:00",  # Saturday 06:00
            "2026-02-07T12:30",  # Saturday 22:30
        )
    }

    assert list(running.values()) == [[], ["MRI_MSK"], ["MRI_MSK"], [], []]


def test_a_shift_without_weekdays_never_changes() -> None:
    assert next_boundary(shift(weekdays=frozenset()), AT) is None


def test_a_weekly_shift_is_found_a_week_ahead() -> None:
    wednesday = hours("08:00", "16:00", "Australia/Brisbane", weekdays=frozenset({3}))

    assert next_boundary(wednesday, utc("2026-02-04T06:00")) == utc("2026-02-10T22:00")


def test_a_shift_that_turns_over_in_the_repeated_hour_does_so_three_times() -> None:
    around = hours("02:30", "02:30", "Europe/Berlin")
    at, found = utc("2026-10-24T12:00"), []

    for _ in range(4):
        at = next_boundary(around, at) or at
        found.append(f"{at:%dT%H:%M}")

    assert found == ["25T00:30", "25T01:00", "25T01:30", "26T01:30"]


def test_next_change_is_the_nearest_edge_of_shifts_and_rule_windows() -> None:
    windowed = rule(
        1,
        ActionType.HOLD,
        active_from=AT - timedelta(hours=1),
        active_until=AT + timedelta(minutes=30),
    )
    made = department("A", rules=(windowed,))
    compiled = compile_config(made)

    # 22:05 in Brisbane: the 24 hour shift turns over at midnight, the rule ends at 22:35.
    assert next_change(compiled, AT) == AT + timedelta(minutes=30)
    assert next_change(compiled, AT + timedelta(minutes=30)) == utc("2026-02-04T14:00")


def test_next_change_of_an_empty_department_is_none() -> None:
    assert next_change(compile_config(config()), AT) is None


def test_the_end_of_a_shift_is_not_part_of_it() -> None:
    day = hours("08:00", "16:00", "Australia/Brisbane")
    compiled = compile_config(config([day]))

    assert list(on_shift(compiled, utc("2026-02-03T22:00"))) == ["MRI_MSK"]
    assert list(on_shift(compiled, utc("2026-02-04T05:59:59.999999"))) == ["MRI_MSK"]
    assert list(on_shift(compiled, utc("2026-02-04T06:00"))) == []


def test_a_shift_in_an_unknown_zone_is_left_out_and_named() -> None:
    compiled = compile_config(config([shift(zone="Mars/Olympus")]))

    assert dict(on_shift(compiled, AT)) == {}
    assert compiled.problems == ("shift MRI_MSK: unknown time zone 'Mars/Olympus'",)
