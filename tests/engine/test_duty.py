from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from apps.engine.decision import CompiledConfig, compile_config
from apps.engine.duty import Duty, Span
from apps.engine.facts import Config, RadiologistFacts
from apps.engine.rota import LeaveFacts, RosterRow, ShiftFacts, SwapFacts, WorkType

ON = date(2026, 2, 2)
EVERY_DAY = frozenset(range(1, 8))


def moment(hour: int, minute: int = 0, *, day: int = 2) -> datetime:
    return datetime(2026, 2, day, hour, minute, tzinfo=UTC)


def shift(code: str, start: int, end: int) -> ShiftFacts:
    return ShiftFacts(
        code, code, (WorkType(),), None, 0, time(start % 24), time(end % 24), EVERY_DAY, "UTC"
    )


def row(code: str, person: str = "DR_A", **changes: Any) -> RosterRow:
    return RosterRow(code, person, ON, None, **changes)


def world(
    shifts: tuple[ShiftFacts, ...], rows: tuple[RosterRow, ...], **more: Any
) -> CompiledConfig:
    people = tuple(RadiologistFacts(name, name, is_active=True) for name in ("DR_A", "DR_B"))
    return compile_config(
        Config(
            versions={},
            sites=(),
            shifts=shifts,
            radiologists=people,
            roster=rows,
            rules=(),
            **more,
        )
    )


def duty(compiled: CompiledConfig, at: datetime, person: str = "DR_A") -> Duty:
    found = compiled.duties.duty_of(person, at)
    assert found is not None
    return found


def test_the_turn_began_with_the_run_under_way() -> None:
    compiled = world((shift("DAY", 8, 16),), (row("DAY"),))

    found = duty(compiled, moment(10))

    assert (found.since(moment(10)), found.worked_seconds(moment(10))) == (moment(8), 7200)


def test_who_is_on_no_shift_is_on_no_turn() -> None:
    compiled = world((shift("DAY", 8, 16),), (row("DAY"),))

    assert compiled.duties.duty_of("DR_A", moment(16)) is None
    assert compiled.duties.duty_of("DR_B", moment(10)) is None


def test_a_run_that_ended_just_where_it_starts_is_of_the_same_turn() -> None:
    compiled = world((shift("EARLY", 6, 12), shift("LATE", 12, 18)), (row("EARLY"), row("LATE")))

    assert duty(compiled, moment(13)).worked_seconds(moment(13)) == 7 * 3600


def test_a_gap_of_a_minute_begins_another_turn() -> None:
    late = ShiftFacts(
        "LATE", "LATE", (WorkType(),), None, 0, time(12, 1), time(18), EVERY_DAY, "UTC"
    )
    compiled = world((shift("EARLY", 6, 12), late), (row("EARLY"), row("LATE")))

    assert duty(compiled, moment(13)).start_at == moment(12, 1)


def test_two_shifts_at_once_are_counted_once() -> None:
    compiled = world((shift("A", 8, 16), shift("B", 10, 18)), (row("A"), row("B")))

    assert duty(compiled, moment(12)).worked_seconds(moment(12)) == 4 * 3600


def test_who_is_always_on_is_measured_by_the_last_day() -> None:
    compiled = world((shift("ROUND", 0, 0),), (row("ROUND"),))
    at = moment(9, day=12)

    assert (duty(compiled, at).since(at), duty(compiled, at).worked_seconds(at)) == (
        at - timedelta(days=1),
        86400,
    )


@pytest.mark.parametrize(
    ("is_other_work", "start_at", "worked"),
    [(True, moment(8), 3 * 3600), (False, moment(8), 3 * 3600)],
    ids=["other work", "leave of some hours"],
)
def test_hours_away_within_a_run_do_not_end_the_turn_and_do_not_count(
    is_other_work: bool,
    start_at: datetime,
    worked: int,
) -> None:
    away = LeaveFacts("DR_A", ON, ON, time(10), time(11), "UTC", is_other_work=is_other_work)
    compiled = world((shift("DAY", 8, 16),), (row("DAY"),), leaves=(away,))

    found = duty(compiled, moment(12))

    assert (found.start_at, found.worked_seconds(moment(12))) == (start_at, worked)


def test_leave_at_the_start_of_a_run_is_no_part_of_the_turn() -> None:
    away = LeaveFacts("DR_A", ON, ON, time(8), time(9), "UTC")
    compiled = world((shift("DAY", 8, 16),), (row("DAY"),), leaves=(away,))

    assert duty(compiled, moment(12)).start_at == moment(9)


def test_a_taker_is_on_duty_and_the_giver_is_not() -> None:
    swap = SwapFacts("DAY", "DR_A", "DR_B", ON, ON)
    compiled = world((shift("DAY", 8, 16),), (row("DAY"),), swaps=(swap,))

    assert compiled.duties.duty_of("DR_A", moment(10)) is None
    assert duty(compiled, moment(10), "DR_B").worked_seconds(moment(10)) == 7200


def test_credits_are_taken_out_and_what_is_logged_twice_goes_once() -> None:
    compiled = world((shift("DAY", 8, 16),), (row("DAY"),))
    logged = (Span(moment(9), moment(10)), Span(moment(9, 30), moment(10, 30)))

    assert duty(compiled, moment(12)).worked_seconds(moment(12), logged) == 150 * 60


def test_the_same_stretch_gives_the_same_answer_whoever_asks_first() -> None:
    shifts, rows = (shift("NIGHT", 22, 6), shift("DAY", 6, 14)), (row("NIGHT"), row("DAY"))
    late_first, early_first = world(shifts, rows), world(shifts, rows)

    late_first.duties.duty_of("DR_A", moment(13, day=4))
    early = moment(7, day=4)

    assert duty(late_first, early) == duty(early_first, early)
    assert duty(early_first, early).worked_seconds(early) == 9 * 3600
