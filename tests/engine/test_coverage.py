"""Who is on a shift: roster rows, leave, swaps and extras, by local start date."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from apps.engine import pools
from apps.engine.compiled import compile_config
from apps.engine.decision import Snapshot, decide
from apps.engine.facts import Config
from apps.engine.occurrences import on_shift
from apps.engine.rota import LeaveFacts, RosterRow, SwapFacts
from tests.engine.build import AT, config, department, on, order, shift

TODAY = date(2026, 2, 4)
NIGHT = shift("NIGHT", start_local=time(22), end_local=time(6))
# 23:30 on the 4th and 03:00 on the 5th in Brisbane: one and the same night.
BEFORE_MIDNIGHT = datetime(2026, 2, 4, 13, 30, tzinfo=UTC)
AFTER_MIDNIGHT = datetime(2026, 2, 4, 17, 0, tzinfo=UTC)


def people(made: Config, at: datetime = AT, code: str = "MRI_MSK") -> tuple[str, ...]:
    return on_shift(compile_config(made), at)[code].people


def swap(giver: str, taker: str, start_on: date = TODAY) -> SwapFacts:
    return SwapFacts("MRI_MSK", giver, taker, start_on, start_on)


@pytest.mark.parametrize("at", [BEFORE_MIDNIGHT, AFTER_MIDNIGHT])
def test_a_roster_row_covers_the_night_that_starts_on_its_last_day(at: datetime) -> None:
    rows = (
        RosterRow("NIGHT", "TODAY", TODAY, TODAY),
        RosterRow("NIGHT", "TOMORROW", TODAY + timedelta(days=1), None),
        RosterRow("NIGHT", "YESTERDAY", date(2026, 1, 1), TODAY - timedelta(days=1)),
    )

    assert people(config([NIGHT], roster=rows), at, "NIGHT") == ("TODAY",)


@pytest.mark.parametrize("at", [BEFORE_MIDNIGHT, AFTER_MIDNIGHT])
def test_leave_covers_the_night_that_starts_on_it(at: datetime) -> None:
    made = config(
        [NIGHT],
        roster=on("NIGHT", "A", "B", "C"),
        leaves=(
            LeaveFacts("A", TODAY, TODAY),
            LeaveFacts("B", TODAY + timedelta(days=1), TODAY + timedelta(days=9)),
        ),
    )

    found = on_shift(compile_config(made), at)["NIGHT"]

    assert (found.people, found.on_leave) == (("B", "C"), ("A",))


@pytest.mark.parametrize(
    ("rostered", "swaps", "expected"),
    [
        (("A",), (swap("A", "B"),), ("B",)),
        (("A",), (swap("A", "B", TODAY - timedelta(days=1)),), ("A",)),
        (("A", "C"), (swap("A", "B"),), ("B", "C")),
        (("A",), (swap("A", "B"), swap("B", "C")), ("C",)),
        (("A", "B"), (swap("A", "B"), swap("B", "A")), ("A", "B")),
        (("A", "B"), (swap("A", "B"), swap("B", "C")), ("B", "C")),
        (("A",), (swap("X", "Y"),), ("A",)),
        (("A",), (swap("A", "B"), swap("B", "D"), swap("D", "B")), ("B",)),
    ],
    ids=[
        "taker stands in",
        "other day",
        "others stay",
        "passed on",
        "exchange",
        "a seat each",
        "giver not on shift",
        "circle",
    ],
)
def test_swaps(
    rostered: tuple[str, ...], swaps: tuple[SwapFacts, ...], expected: tuple[str, ...]
) -> None:
    made = config([shift()], roster=on("MRI_MSK", *rostered), swaps=swaps)

    assert people(made) == expected


def test_a_taker_on_leave_is_away() -> None:
    made = config(
        [shift()],
        roster=on("MRI_MSK", "A"),
        swaps=(swap("A", "B"),),
        leaves=(LeaveFacts("B", TODAY, TODAY),),
    )

    found = on_shift(compile_config(made), AT)["MRI_MSK"]

    assert (found.people, found.on_leave) == ((), ("B",))


def test_extras_join_on_their_dates() -> None:
    made = config(
        [shift()],
        roster=on("MRI_MSK", "A"),
        extras=(
            RosterRow("MRI_MSK", "B", TODAY, TODAY),
            RosterRow("MRI_MSK", "C", TODAY + timedelta(days=1), None),
        ),
    )

    assert people(made) == ("A", "B")


def test_what_is_remembered_ends_at_the_boundary() -> None:
    early = shift("EARLY", start_local=time(6), end_local=time(14))
    late = shift("LATE", start_local=time(14), end_local=time(22))
    compiled = compile_config(config([early, late]))
    start = datetime(2026, 2, 3, 20, tzinfo=UTC)

    running = [list(on_shift(compiled, start + timedelta(hours=h))) for h in range(0, 24, 4)]
    # Asked again out of order, answers are the same.
    again = [list(on_shift(compiled, start + timedelta(hours=h))) for h in range(20, -1, -4)]

    assert running == [["EARLY"], ["EARLY"], ["LATE"], ["LATE"], [], []]
    assert again == running[::-1]


def test_what_is_remembered_can_be_dropped() -> None:
    compiled = compile_config(department("A"))
    snapshot = Snapshot(compiled)
    first = decide(order(), AT, snapshot)
    before = compiled.coverage_at(AT)

    compiled.forget_pools()
    assert compiled.coverage_at(AT) is before
    assert dict(before.pools) == {}
    compiled.forget()
    assert compiled.coverage_at(AT) is not before
    assert decide(order(), AT, snapshot) == first


def test_pools_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_MAX_REMEMBERED", 2)
    compiled = compile_config(department("A"))

    for part in ("KNEE", "HIP", "TOE", "ANKLE", "FOOT"):
        assert decide(order(body_part=part), AT, Snapshot(compiled)).radiologist == "A"

    assert len(compiled.coverage_at(AT).pools) <= 2


def test_coverage_is_the_same_whatever_was_asked_before() -> None:
    shifts = [
        shift(
            f"S{start}_{zone}",
            start_local=time(start),
            end_local=time((start + 9) % 24),
            zone=zone,
        )
        for start in (0, 7, 21)
        for zone in ("Europe/Berlin", "America/New_York", "Pacific/Kiritimati")
    ]
    compiled = compile_config(config(shifts))
    moments = [AT + timedelta(minutes=17 * n) for n in range(200)]
    moments += moments[::-7]

    for at in moments:
        fresh = compile_config(compiled.config)
        assert list(on_shift(compiled, at)) == list(on_shift(fresh, at))
