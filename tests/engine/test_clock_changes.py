"""Every change of the clocks of five years in twelve zones, minute by minute.

Held against an oracle that knows no change of the clocks: it looks what the wall clock shows and
whose hours those are. So no minute is lost and none is covered twice unless the roster says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.compiled import CompiledConfig, compile_config
from apps.engine.coverage import cover
from apps.engine.facts import Config
from apps.engine.occurrences import occurrences, occurrences_from, skipped
from apps.engine.rota import RosterRow, ShiftFacts
from tests.engine.build import EVERY_DAY, config, on, shift
from tests.engine.plain_roster import There, there
from tests.engine.rota_worlds import CALENDAR, Maker

ZONES = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Lisbon",
    "Pacific/Chatham",
)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MINUTES_A_DAY = 1440
AROUND = 3 * MINUTES_A_DAY
PEOPLE = tuple("ABCDE")


class Change(NamedTuple):
    """A change of the clocks; ``start_at`` lies a day and a half before it."""

    zone: str
    at: datetime
    by: timedelta

    @property
    def start_at(self) -> datetime:
        return self.at - AROUND // 2 * MINUTE

    @property
    def minutes(self) -> range:
        return range(AROUND)

    def slice_of(self, start_at: datetime, end_at: datetime) -> slice:
        """Return which of the minutes lie between two moments."""
        first, last = (-((self.start_at - at) // MINUTE) for at in (start_at, end_at))
        return slice(max(first, 0), max(last, 0))


def changes_in(zone: str) -> Iterator[Change]:
    """Yield the changes of 2024 to 2028, each at the full minute."""
    tz, at = ZoneInfo(zone), datetime(2024, 1, 1, tzinfo=UTC)
    offset = at.astimezone(tz).utcoffset()
    while at.year < 2029:
        at += HOUR
        now = at.astimezone(tz).utcoffset()
        if now != offset and now is not None and offset is not None:
            jump = at
            while (jump - MINUTE).astimezone(tz).utcoffset() == now:
                jump -= MINUTE
            yield Change(zone, jump, now - offset)
            offset = now


CHANGES = [change for zone in ZONES for change in changes_in(zone)]


def test_the_changes_are_worth_asking() -> None:
    per_zone = {zone: [change for change in CHANGES if change.zone == zone] for zone in ZONES}

    assert {zone: len(found) for zone, found in per_zone.items()} == dict.fromkeys(ZONES, 10)
    assert all(
        len({change.by > timedelta() for change in found}) == 2 for found in per_zone.values()
    )
    assert {abs(change.by) for change in CHANGES} == {HOUR / 2, HOUR, 2 * HOUR}
    shown = {f"{change.at.astimezone(ZoneInfo(change.zone)):%H:%M}" for change in CHANGES}
    assert {"00:00", "01:00", "01:30", "02:30", "23:00", "03:45"} <= shown


# Hours alone: which run holds each minute.

HOURS = (
    ("23:00", "07:00"),
    ("07:00", "23:00"),
    ("00:00", "00:00"),
    ("02:30", "02:30"),
    ("01:30", "13:30"),
    ("13:30", "01:30"),
    ("02:00", "03:00"),
    ("00:15", "00:45"),
    ("23:30", "23:15"),
)


def test_each_minute_is_in_the_run_whose_hours_the_wall_clock_shows() -> None:
    random = Random(5)  # noqa: S311 -- made-up hours, no secret
    for number, change in enumerate(CHANGES):
        walls = wall_minutes(change)
        near = [random_hours(random, change) for _ in range(4)]
        for start, end in (*HOURS[number % 2 :: 2], *near):
            check_hours(change, walls, time.fromisoformat(start), time.fromisoformat(end))


@pytest.mark.long
def test_every_hand_over_of_the_day_at_every_change() -> None:
    for change in CHANGES:
        walls = wall_minutes(change)
        for minute in range(0, MINUTES_A_DAY, 5):
            check_hours(change, walls, clock(minute), clock(minute + 480))
            check_hours(change, walls, clock(minute), clock(minute))


@settings(max_examples=60, deadline=None)
@given(
    change=st.sampled_from(CHANGES),
    start=st.integers(0, MINUTES_A_DAY - 1),
    length=st.integers(1, MINUTES_A_DAY),
    weekdays=st.frozensets(st.integers(1, 7), min_size=1),
)
def test_any_hours_at_any_change(
    change: Change, start: int, length: int, weekdays: frozenset[int]
) -> None:
    check_hours(change, wall_minutes(change), clock(start), clock(start + length), weekdays)


def clock(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


def random_hours(random: Random, change: Change) -> tuple[str, str]:
    """Return hours that begin or end within the hours that the change touches."""
    shown = change.at.astimezone(ZoneInfo(change.zone))
    near = shown.hour * 60 + shown.minute + random.randint(-150, 150)
    other = near + random.randint(1, MINUTES_A_DAY)
    pair = [clock(near % MINUTES_A_DAY).isoformat(), clock(other % MINUTES_A_DAY).isoformat()]
    return (pair[0], pair[1]) if random.random() < 0.5 else (pair[1], pair[0])


def wall_minutes(change: Change) -> list[int]:
    """Return what the wall clock shows at each minute, in minutes since the year 1."""
    tz = ZoneInfo(change.zone)
    shown = ((change.start_at + n * MINUTE).astimezone(tz) for n in change.minutes)
    return [at.toordinal() * MINUTES_A_DAY + at.hour * 60 + at.minute for at in shown]


def check_hours(
    change: Change,
    walls: Sequence[int],
    start: time,
    end: time,
    weekdays: frozenset[int] = EVERY_DAY,
) -> None:
    asked = shift(start_local=start, end_local=end, zone=change.zone, weekdays=weekdays)
    first = start.hour * 60 + start.minute
    length = (end.hour * 60 + end.minute - first) % MINUTES_A_DAY or MINUTES_A_DAY
    # Ordinal 1 was a Monday.
    days = frozenset(weekday % 7 for weekday in weekdays)
    held = [divmod(wall - first, MINUTES_A_DAY) for wall in walls]
    expected = [day if since < length and day % 7 in days else None for day, since in held]

    assert covered(change, asked) == expected
    assert skipped(asked, *dates_of(change)) == runs_without(asked, change, expected)


def covered(change: Change, asked: ShiftFacts) -> list[int | None]:
    """Return the ordinal of the run that holds each minute; no minute may be in two."""
    found: list[int | None] = [None] * AROUND
    for run in occurrences(asked, change.start_at, change.start_at + AROUND * MINUTE):
        held = change.slice_of(run.start_at, run.end_at)
        assert found[held] == [None] * len(found[held])
        found[held] = [run.start_on.toordinal()] * len(found[held])
    return found


def dates_of(change: Change) -> tuple[date, int]:
    """Return the date of the change, with how many there are: one.

    Of other dates the three days need not hold the whole run.
    """
    return change.at.astimezone(ZoneInfo(change.zone)).date(), 1


def runs_without(asked: ShiftFacts, change: Change, held: Sequence[int | None]) -> list[date]:
    """Return the dates on which a run should start that holds no minute."""
    first_on, days = dates_of(change)
    dates = (first_on + timedelta(days=ahead) for ahead in range(days))
    return [on for on in dates if asked.runs_on(on) and on.toordinal() not in held]


# What the issue of the day is, in so many words.


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{change.zone} {change.at:%F}")
def test_a_night_over_the_change_is_as_much_longer_as_the_clock_goes_back(change: Change) -> None:
    night = shift(start_local=time(20), end_local=time(8), zone=change.zone)
    runs = occurrences(night, change.at - MINUTE, change.at + MINUTE)

    assert [run.end_at - run.start_at for run in runs] == [12 * HOUR - change.by]


def test_a_run_in_an_hour_that_is_skipped_is_named_and_half_of_one_is_not() -> None:
    lost = shift(start_local=time(2, 10), end_local=time(2, 50), zone="Europe/Berlin")
    half = replace(lost, end_local=time(3, 30))
    on = date(2026, 3, 29)

    assert [skipped(one, on, 1) for one in (lost, half)] == [[on], []]
    [run] = occurrences_from(half, on, 1)
    assert run.end_at - run.start_at == HOUR / 2


def test_shifts_that_hand_over_inside_the_repeated_hour_each_have_their_half_twice() -> None:
    late = shift("LATE", start_local=time(16), end_local=time(1, 30), zone="America/New_York")
    night = shift("NIGHT", start_local=time(1, 30), end_local=time(8), zone="America/New_York")
    made = compile_config(config([late, night], roster=(*on("LATE", "A"), *on("NIGHT", "B"))))
    first = datetime(2026, 11, 1, 5, tzinfo=UTC)  # 01:00, the first time

    quarters = [made.coverage_at(first + n * HOUR / 4).running for n in range(10)]

    assert [sorted(who.people[0] for who in running.values()) for running in quarters] == [
        [person] for person in "AABBAABBBB"
    ]


# People: rows, rotations, swaps, leave, parts of runs, other work.


class Rota(NamedTuple):
    """A random roster around a change of the clocks."""

    config: Config
    compiled: CompiledConfig


def random_rota(change: Change, seed: int) -> Rota:
    random = Random(seed)  # noqa: S311 -- made-up rosters, no secret
    near = [time.fromisoformat(text) for _ in range(4) for text in random_hours(random, change)]
    codes = ("S1", "S2", "S3")
    day = change.at.astimezone(ZoneInfo(change.zone)).date()
    zones = (change.zone, change.zone, "UTC", random.choice(ZONES))
    maker = Maker(random, codes, PEOPLE, zones, day, near)
    shifts = [
        shift(
            code,
            start_local=random.choice(near),
            end_local=random.choice(near),
            zone=change.zone,
            weekdays=frozenset(random.sample(range(1, 8), random.choice((4, 7, 7)))),
            calendar=random.choice(("", CALENDAR)),
            holiday_mode=maker.holiday_mode(),
        )
        for code in codes
    ]
    made = config(
        shifts,
        roster=maker.rows(),
        extras=(*maker.extras(), *maker.extras()),
        swaps=(*maker.swaps(), *maker.swaps()),
        leaves=(*maker.leaves(), *maker.leaves(), *maker.leaves()),
        rotations=(*maker.rotations(), *maker.rotations()),
        calendars=maker.calendars(),
    )
    return Rota(made, compile_config(made))


def by_stretches(change: Change, rota: Rota, code: str) -> list[There | None]:
    """Return who is on a shift each minute, by the book; no minute may be in two stretches."""
    asked, found = rota.compiled.shifts[code], list[There | None]([None] * AROUND)
    for run in occurrences(asked, change.start_at, change.start_at + AROUND * MINUTE):
        stretches = rota.compiled.roster.stretches(asked, run)
        assert [run.start_at, *(part.end_at for part in stretches)] == [
            *(part.start_at for part in stretches),
            run.end_at,
        ]
        for part in stretches:
            held = change.slice_of(part.start_at, part.end_at)
            assert found[held] == [None] * len(found[held])
            found[held] = [There(run.start_on, *part[2:])] * len(found[held])
    return found


def by_coverage(change: Change, rota: Rota) -> dict[str, list[There | None]]:
    """Return who is on each shift each minute, from one stretch of coverage to the next."""
    found = {code: list[There | None]([None] * AROUND) for code in rota.compiled.shifts}
    at = change.start_at
    while at < change.start_at + AROUND * MINUTE:
        coverage = cover(rota.compiled.shifts.values(), rota.compiled.roster, at)
        held = change.slice_of(at, coverage.end_at)
        for code, who in coverage.running.items():
            there_now = There(who.started_on, who.people, who.on_leave, who.on_other_work)
            found[code][held] = [there_now] * len(found[code][held])
        at = coverage.end_at
    return found


def check_people(change: Change, rota: Rota, minutes: Sequence[int]) -> None:
    covering = by_coverage(change, rota)
    for facts in rota.config.shifts:
        book = by_stretches(change, rota, facts.code)
        assert covering[facts.code] == book
        for n in minutes:
            expected = there(rota.config, facts, change.start_at + n * MINUTE)
            assert book[n] == expected, (change, facts.code, n)


# Each minute of the hours next to the change, and one in thirteen of the days around it.
NEAR_MINUTES = sorted({*range(0, AROUND, 13), *range(AROUND // 2 - 150, AROUND // 2 + 150)})


@pytest.mark.parametrize("zone", ZONES)
def test_who_is_there_is_whoever_holds_the_hour_that_the_wall_clock_shows(zone: str) -> None:
    for number, change in enumerate(CHANGES):
        if change.zone == zone:
            check_people(change, random_rota(change, number), NEAR_MINUTES[number % 3 :: 3])


@pytest.mark.long
@pytest.mark.parametrize("zone", ZONES)
def test_who_is_there_each_minute_of_many_rosters(zone: str) -> None:
    for change in CHANGES:
        if change.zone == zone:
            for seed in range(8):
                check_people(change, random_rota(change, seed), [*change.minutes][seed::2])


def test_the_rosters_are_worth_asking() -> None:
    rotas = [random_rota(change, number) for number, change in enumerate(CHANGES)]
    seen = {
        (bool(who.people), bool(who.on_leave), bool(who.on_other_work))
        for change, rota in zip(CHANGES, rotas, strict=True)
        for minutes in by_coverage(change, rota).values()
        for who in minutes
        if who
    }

    # Who takes work, is on leave and is at other work: alone, and beside each other.
    assert {(True, True, False), (True, False, True)} <= seen
    assert {(False, True, False), (False, False, True), (False, False, False)} <= seen
    parts = sum(
        len(rota.compiled.roster.stretches(facts, run)) > 1
        for change, rota in zip(CHANGES, rotas, strict=True)
        for facts in rota.compiled.shifts.values()
        for run in occurrences(facts, change.at - HOUR, change.at + HOUR)
    )
    assert parts > 20


# A hand-over over the change loses nobody a minute.


@pytest.mark.parametrize(
    "change", CHANGES[::7], ids=lambda change: f"{change.zone} {change.at:%F}"
)
def test_two_who_hand_over_at_any_minute_of_the_day_leave_no_gap(change: Change) -> None:
    for minute in range(0, MINUTES_A_DAY, 45):
        first = shift("FIRST", start_local=time(12), end_local=clock(minute), zone=change.zone)
        second = shift("SECOND", start_local=clock(minute), end_local=time(12), zone=change.zone)
        roster = (
            RosterRow("FIRST", "A", date(2024, 1, 1), None),
            RosterRow("SECOND", "B", date(2024, 1, 1), None),
        )
        compiled = compile_config(config([first, second], roster=roster))
        minutes = by_coverage(change, Rota(compiled.config, compiled))
        # Noon to noon is a shift of a day, beside which the other has its own day.
        people = 2 if minute == 720 else 1
        assert {
            sum(who is not None and len(who.people) for who in pair)
            for pair in zip(*minutes.values(), strict=True)
        } == {people}
