"""Who is there when of a run: parts of it, hours away, swaps that go on, records of years."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest

from apps.engine.away import HoursAway
from apps.engine.by_date import ByDate
from apps.engine.codes import ActionType, Presence, Refused
from apps.engine.compiled import compile_config
from apps.engine.coverage import cover
from apps.engine.occurrences import next_change, occurrences_from
from apps.engine.roster import RosterBook
from apps.engine.rota import LeaveFacts, RosterRow, RotationFacts, ShiftFacts, SwapFacts
from tests.engine.build import (
    AT,
    config,
    decided,
    department,
    load,
    on,
    order,
    refusals,
    rule,
    shift,
)

TODAY = date(2026, 2, 4)
DAY = shift("DAY", start_local=time(8), end_local=time(16))
NIGHT = shift("NIGHT", start_local=time(22), end_local=time(6))
ZONE = "Australia/Brisbane"


def told(book: RosterBook, asked: ShiftFacts, start_on: date = TODAY) -> Sequence[str]:
    """Return who is there when, on Brisbane's clock; people on leave after ``-``, at work ``~``."""
    [run] = occurrences_from(asked, start_on, 1)
    return [
        " ".join(
            [
                f"{part.start_at + timedelta(hours=10):%H:%M}",
                *part.people,
                *(f"-{person}" for person in part.on_leave),
                *(f"~{person}" for person in part.on_other_work),
            ]
        )
        for part in book.stretches(asked, run)
    ]


def part(giver: str, taker: str, start: int, end: int, code: str = "DAY") -> SwapFacts:
    return SwapFacts(code, giver, taker, TODAY, TODAY, time(start), time(end))


def hours(person: str, start: int, end: int, *, is_other_work: bool = False) -> LeaveFacts:
    return LeaveFacts(person, TODAY, TODAY, time(start), time(end), ZONE, is_other_work)


@pytest.mark.parametrize(
    ("swaps", "leaves", "expected"),
    [
        ([part("A", "B", 10, 12)], [], ["08:00 A", "10:00 B", "12:00 A"]),
        ([part("A", "B", 6, 10)], [], ["08:00 B", "10:00 A"]),
        ([part("A", "B", 14, 20)], [], ["08:00 A", "14:00 B"]),
        ([part("A", "B", 8, 8)], [], ["08:00 B"]),
        ([part("A", "B", 17, 20)], [], ["08:00 A"]),
        ([part("A", "B", 15, 9)], [], ["08:00 B", "09:00 A", "15:00 B"]),
        ([part("A", "B", 9, 14), part("B", "C", 10, 11)], [], ["08:00 A", "09:00 B", "10:00 C", "11:00 B", "14:00 A"]),
        ([part("A", "C", 9, 14), part("A", "B", 9, 14)], [], ["08:00 A", "09:00 B", "14:00 A"]),
        ([], [hours("A", 12, 13)], ["08:00 A", "12:00 -A", "13:00 A"]),
        ([], [hours("A", 12, 13, is_other_work=True)], ["08:00 A", "12:00 ~A", "13:00 A"]),
        ([], [hours("A", 9, 12, is_other_work=True), hours("A", 11, 13)], ["08:00 A", "09:00 ~A", "11:00 -A", "13:00 A"]),
        ([part("A", "B", 10, 14)], [hours("B", 12, 13)], ["08:00 A", "10:00 B", "12:00 -B", "13:00 B", "14:00 A"]),
        ([], [hours("Z", 12, 13)], ["08:00 A"]),
    ],
    ids=[
        "in the middle",
        "from before the run",
        "beyond its end",
        "all of it",
        "outside",
        "over midnight, so both ends",
        "passed on for an hour",
        "two takers, the first by id",
        "leave for an hour",
        "at other work",
        "leave wins over work",
        "the taker away",
        "somebody else's hours",
    ],
)  # fmt: skip
def test_a_run_falls_into_the_parts_in_which_the_same_people_are_there(
    swaps: list[SwapFacts], leaves: list[LeaveFacts], expected: list[str]
) -> None:
    book = RosterBook(rows=on("DAY", "A"), swaps=swaps, leaves=leaves)

    assert told(book, DAY) == expected


@pytest.mark.parametrize(("part_taker", "taker"), [("B", "C"), ("C", "B")])
def test_a_swap_of_some_hours_stands_above_one_of_the_whole_run(
    part_taker: str, taker: str
) -> None:
    swaps = [part("A", part_taker, 10, 12), SwapFacts("DAY", "A", taker, TODAY, TODAY)]
    book = RosterBook(rows=on("DAY", "A"), swaps=swaps)
    assert told(book, DAY) == [f"08:00 {taker}", f"10:00 {part_taker}", f"12:00 {taker}"]


def test_parts_of_a_night_may_lie_after_midnight() -> None:
    extra = RosterRow("NIGHT", "B", TODAY, TODAY, start_local=time(1), end_local=time(3))
    book = RosterBook(
        rows=on("NIGHT", "A"),
        extras=[extra],
        swaps=[part("A", "C", 5, 23, "NIGHT")],
    )

    assert told(book, NIGHT) == ["22:00 C", "23:00 A", "01:00 A B", "03:00 A", "05:00 C"]
    assert told(book, NIGHT, TODAY + timedelta(days=1)) == ["22:00 A"]


def test_a_seat_in_a_rotation_can_be_given_away_in_part() -> None:
    book = RosterBook(
        rotations=[RotationFacts("DAY", ("A", "B"), TODAY, None)], swaps=[part("A", "B", 10, 12)]
    )

    assert told(book, DAY) == ["08:00 A", "10:00 B", "12:00 A"]
    assert told(book, DAY, TODAY + timedelta(days=7)) == ["08:00 B"]


def test_hours_of_another_zone_s_date_reach_a_run_of_another_day() -> None:
    # The whole of the 3rd in Pago Pago is 21:00 on the 3rd to 21:00 on the 4th in Brisbane.
    leave = LeaveFacts(
        "A", date(2026, 2, 3), date(2026, 2, 3), time(0), time(0), "Pacific/Pago_Pago"
    )
    book = RosterBook(rows=on("DAY", "A"), leaves=[leave])

    days = [told(book, DAY, TODAY + timedelta(days=ahead)) for ahead in (-1, 0, 1)]

    assert days == [["08:00 A"], ["08:00 -A"], ["08:00 A"]]


def test_hours_away_in_a_zone_that_nobody_knows_are_whole_days() -> None:
    leave = LeaveFacts("A", TODAY, TODAY, time(9), time(10), "Mars/Olympus")
    made = config([DAY], roster=on("DAY", "A"), leaves=[leave])
    compiled = compile_config(made)

    assert told(compiled.roster, DAY) == ["08:00 -A"]
    assert compiled.problems == ("hours away of A: unknown time zone 'Mars/Olympus'",)


def test_a_shift_that_nobody_is_on_is_empty_and_one_that_is_meant_to_be_says_so() -> None:
    book = RosterBook(rotations=[RotationFacts("NIGHT", ("A", ""), TODAY, None)])
    next_week = TODAY + timedelta(days=7)

    assert told(book, DAY) == ["08:00"]
    assert (book.seats(DAY, TODAY), book.is_meant_empty(DAY, TODAY)) == (set(), False)
    assert [book.is_meant_empty(NIGHT, day) for day in (TODAY, next_week)] == [False, True]


def test_coverage_changes_when_somebody_comes_or_goes_in_the_middle_of_a_shift() -> None:
    made = config([DAY], roster=on("DAY", "A"), swaps=[part("A", "B", 10, 12)])
    compiled = compile_config(made)
    at = datetime(2026, 2, 3, 23, tzinfo=UTC)  # 09:00

    coverage = cover(compiled.shifts.values(), compiled.roster, at)

    assert (coverage.start_at, coverage.end_at) == (
        at - timedelta(hours=1),
        at + timedelta(hours=1),
    )
    assert next_change(compiled, at) == at + timedelta(hours=1)
    assert next_change(compiled, at + timedelta(hours=1)) == at + timedelta(hours=3)
    assert next_change(compiled, at + timedelta(hours=3)) == at + timedelta(hours=7)


def test_in_a_quiet_week_the_next_shift_is_found_and_hours_away_are_looked_for_again() -> None:
    wednesdays = shift("DAY", start_local=time(8), end_local=time(16), weekdays=frozenset({3}))
    at = datetime(2026, 2, 5, tzinfo=UTC)
    coming = datetime(2026, 2, 10, 22, tzinfo=UTC)
    quiet = config([wednesdays], roster=on("DAY", "A"))
    away = config(
        [wednesdays], leaves=[LeaveFacts("A", TODAY, coming.date(), time(9), time(9), ZONE)]
    )

    assert next_change(compile_config(quiet), at) == coming
    # It looks half a day ahead, and then again.
    assert next_change(compile_config(away), at) == at.replace(hour=12)
    assert next_change(compile_config(away), at.replace(hour=12)) == at.replace(hour=23)


def test_who_is_named_by_a_rule_is_away_in_their_hours_though_on_no_shift() -> None:
    named = rule(1, ActionType.ASSIGN_TO_RADIOLOGIST, "B", is_strict=True)
    made = department("A", "B", roster=(), rules=[named], leaves=[hours("B", 12, 13)])
    # One compiled department answers at 11:59, 12:00 and 13:00 in Brisbane.
    noon = datetime(2026, 2, 4, 2, tzinfo=UTC)

    answers = [
        decided(made, at=noon + timedelta(minutes=minutes)).radiologist for minutes in (-1, 0, 60)
    ]

    assert answers == ["B", None, "B"]
    compiled = compile_config(made)
    assert compiled.coverage_at(noon - timedelta(hours=1)).end_at == noon


@pytest.mark.parametrize("is_other_work", [False, True])
def test_who_is_at_other_work_or_busy_gets_nothing_and_is_told_why(*, is_other_work: bool) -> None:
    leave = LeaveFacts("A", TODAY, TODAY, time(20), time(23), ZONE, is_other_work)
    made = department("A", "B", leaves=[leave])

    answer = decided(made, order(), load("B", presence=Presence.BUSY), at=AT)

    why = Refused.NON_READING if is_other_work else Refused.ON_LEAVE
    assert {id_: row[1] for id_, row in refusals(answer).items()} == {
        "A": why.value,
        "B": Refused.BUSY.value,
    }


def test_years_of_records_are_found_by_their_dates() -> None:
    rows = [
        RosterRow("DAY", str(n), TODAY + timedelta(days=n), TODAY + timedelta(days=n + length))
        for n in range(-900, 900, 7)
        for length in (0, 30, 40, 900)
    ]
    rows += [RosterRow("DAY", "open", TODAY, None), RosterRow("DAY", "ended", TODAY, TODAY)]
    found = ByDate(rows)

    for n in range(-1_000, 1_900, 3):
        day = TODAY + timedelta(days=n)
        near = [row for row in found.near(day) if row.start_on <= day <= (row.end_on or date.max)]
        assert near == [row for row in rows if row.start_on <= day <= (row.end_on or date.max)]
    assert len(found.near(TODAY)) < len(rows) / 3


def test_hours_away_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.engine.away._MAX_REMEMBERED", 3)
    always = HoursAway([LeaveFacts("A", date.min, date.max, time(9), time(10), "UTC")])

    days = [TODAY + timedelta(days=ahead % 7) for ahead in range(20)]

    assert [[away.start_at.date() for away in always.on(day)] for day in days] == [
        [day] for day in days
    ]


def test_hours_that_begin_on_another_date_than_in_utc_are_found_wherever_the_index_ends() -> None:
    # Ordinals whose last five bits are all set end a bucket of the index.
    edge = next(
        TODAY + timedelta(days=n)
        for n in range(64)
        if (TODAY + timedelta(days=n)).toordinal() % 32 == 31
    )
    east = LeaveFacts(
        "A",
        edge + timedelta(days=1),
        edge + timedelta(days=1),
        time(0),
        time(9),
        "Pacific/Kiritimati",
    )
    west = LeaveFacts("B", edge, edge, time(15), time(0), "Pacific/Pago_Pago")

    seen = [len(HoursAway([east]).on(edge)), len(HoursAway([west]).on(edge + timedelta(days=1)))]

    assert seen == [1, 1]
