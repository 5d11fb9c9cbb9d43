"""Newcomers of a what-if: there whenever their model is, as quick, and nobody else."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest

from apps.assignment.models import Assignment
from apps.engine.compiled import compile_config
from apps.engine.facts import Config
from apps.engine.occurrences import occurrences_from
from apps.engine.rota import RosterRow, RotationFacts, RotationUnit, SwapFacts
from apps.roster.models import RosterAssignment, Rotation, RotationTurn
from apps.trials.whatif import job
from apps.trials.whatif.newcomers import TakenError, with_newcomers
from apps.trials.whatif.wishes import Newcomer, Wishes
from tests.engine.build import config, reader, shift
from tests.engine.rota_worlds import CALENDAR, Maker
from tests.factories.times import NOON
from tests.trials.scenes import MINUTE, department, past_order, played, whatif

DAY = date(2026, 2, 4)
FEW = timedelta(days=4)
BRISBANE = timedelta(hours=10)
CLEO = Newcomer("CLEO", "A")
PEOPLE = ("A", "B", "C")
Parts = list[tuple[str, datetime, datetime]]


def there(made: Config, person: str) -> Parts:
    """Return when somebody is at work, and when away from what they sit on, joined in time."""
    compiled, found = compile_config(made), Parts()
    for facts in compiled.shifts.values():
        for run in occurrences_from(facts, DAY - FEW, 9):
            for part in compiled.roster.stretches(facts, run):
                for kind, names in zip(("here", "leave", "work"), part[2:], strict=True):
                    if person in names:
                        said = f"{facts.code} {kind}"
                        joins = found and (found[-1][0], found[-1][2]) == (said, part.start_at)
                        start_at = found.pop()[1] if joins else part.start_at
                        found.append((said, start_at, part.end_at))
    return found


def with_cleo(made: Config) -> Config:
    return with_newcomers(made, (CLEO,), DAY - FEW, DAY + FEW)


def one_shift(*roster: RosterRow, **parts: Any) -> Config:
    return config((shift("DAY"),), [reader(id_) for id_ in PEOPLE], roster, **parts)


def test_whose_model_takes_turns_works_on_the_same_days() -> None:
    turns = RotationFacts("DAY", ("A", "B"), DAY - FEW, None, RotationUnit.DAYS, 1)
    made = with_cleo(one_shift(rotations=(turns,)))
    assert there(made, "CLEO") == there(made, "A") != []
    assert there(made, "B") == there(one_shift(rotations=(turns,)), "B") != []


def test_swaps_of_the_model_take_and_give_the_newcomers_turn_too() -> None:
    given = SwapFacts("DAY", "A", "B", DAY, DAY)
    taken = SwapFacts("DAY", "C", "A", DAY + timedelta(days=1), DAY + timedelta(days=1))
    row = RosterRow("DAY", "A", DAY - FEW, DAY)
    seat = RosterRow("DAY", "C", DAY, None)
    made = with_cleo(one_shift(row, seat, swaps=(given, taken)))
    days = [
        (start_at + BRISBANE, end_at + BRISBANE) for _, start_at, end_at in there(made, "CLEO")
    ]
    assert there(made, "CLEO") == there(made, "A")
    assert [(f"{start:%d.%m.}", f"{end:%d.%m.}") for start, end in days] == [
        ("31.01.", "04.02."),
        ("05.02.", "06.02."),
    ]


@pytest.mark.parametrize("seed", range(40))
def test_in_any_roster_the_newcomer_is_there_when_the_model_is_and_moves_nobody(seed: int) -> None:
    random = Random(seed)  # noqa: S311 -- made-up rosters
    clock = [time(hour) for hour in (0, 6, 8, 12, 17, 22)]
    maker = Maker(random, ("ONE", "TWO"), PEOPLE, ("Australia/Brisbane",), DAY, clock)
    shifts = [
        shift(
            code,
            start_local=random.choice(clock),
            end_local=random.choice(clock),
            calendar=CALENDAR,
            holiday_mode=maker.holiday_mode(),
        )
        for code in maker.shifts
    ]
    made = config(
        shifts,
        [reader(id_) for id_ in PEOPLE],
        maker.rows(),
        extras=maker.extras(),
        swaps=maker.swaps(),
        leaves=maker.leaves(),
        rotations=(*maker.rotations(), *maker.rotations()),
        calendars=maker.calendars(),
    )
    after = with_cleo(made)
    assert there(after, "CLEO") == there(made, "A")
    assert [there(after, id_) for id_ in PEOPLE] == [there(made, id_) for id_ in PEOPLE]


@pytest.mark.parametrize("names", [("B",), ("CLEO", "CLEO")])
def test_nobody_becomes_somebody_else(names: tuple[str, ...]) -> None:
    with pytest.raises(TakenError, match=f"id {names[-1]} already"):
        with_newcomers(one_shift(), [Newcomer(name, "A") for name in names], DAY, DAY)


@pytest.mark.db
def test_a_newcomer_like_one_of_a_rotation_reads_with_them() -> None:
    place = department(count=0)
    RosterAssignment.objects.filter(radiologist=place.ann).delete()
    turns = Rotation.objects.create(
        shift=place.shift, start_date=NOON.date() - FEW, unit="weeks", length=8
    )
    RotationTurn.objects.create(rotation=turns, radiologist=place.ann, position=1)
    for number in range(9):
        past_order(place.site, place.shift, place.ann, NOON + 20 * number * MINUTE, number)
    report = played(wishes=Wishes(add=(Newcomer("Cleo", "ANN"),))).report
    after = report["after"]["readers"]
    assert {id_: one["studies"] for id_, one in after.items()} == {"ANN": 3, "BOB": 3, "Cleo": 3}
    assert after["Cleo"]["hours"] == after["ANN"]["hours"]


@pytest.mark.db
def test_a_newcomer_reads_as_quickly_as_whom_they_are_like() -> None:
    place = department(count=0)
    for number in range(12):
        who, minutes = [(place.ann, 4), (place.bob, 16)][number % 2]
        at = NOON + 30 * number * MINUTE
        order = past_order(place.site, place.shift, who, at, number, minutes=minutes)
        Assignment.objects.filter(order=order).update(opened_at=at)
    alone = ("ANN", "BOB")
    quick, slow = (
        played(wishes=Wishes(leave_out=alone, add=(Newcomer("Cleo", like),))).report["after"]
        for like in ("ANN", "BOB")
    )
    assert (quick["turnaround"]["p50"], slow["turnaround"]["p50"]) == (4 * 60, 16 * 60)


@pytest.mark.db
def test_whose_id_somebody_got_meanwhile_is_not_replayed() -> None:
    department()
    found = whatif(wishes=Wishes(add=(Newcomer("BOB", "ANN"),)))
    job.play_once()
    found.refresh_from_db()
    assert (found.state, found.problem) == (
        "failed",
        "There is a reader with the id BOB already.",
    )
