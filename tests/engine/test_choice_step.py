"""Step 7: the strategies and their ties."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest

from apps.engine.codes import Strategy, Urgency
from apps.engine.facts import Weights
from tests.engine.build import AT, decided, department, load, order, reader, shift


def ago(minutes: float) -> datetime:
    return AT - timedelta(minutes=minutes)


def chosen(
    strategy: Strategy, held: list[Any], readers: list[Any] | None = None
) -> tuple[str | None, str]:
    ids = [one.radiologist for one in held]
    made = department(
        *ids,
        readers=tuple(readers or (reader(id_) for id_ in ids)),
        shifts=(shift(strategy=strategy),),
    )
    decision = decided(made, order(), *held)
    assert decision.strategy is strategy
    return decision.radiologist, decision.trace["tries"][0]["by"]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([load("A", "2"), load("B", "1")], ("B", "load")),
        ([load("A", "1"), load("B", "1", last_assigned_at=ago(9))], ("A", "last")),
        (
            [load("A", "1", last_assigned_at=ago(5)), load("B", "1", last_assigned_at=ago(9))],
            ("B", "last"),
        ),
        ([load("B", "1.0"), load("A", "1.00")], ("A", "id")),
        ([load("A", "7")], ("A", "only")),
    ],
    ids=["least load", "never comes first", "longest since", "id", "only one"],
)
def test_load_balanced(held: list[Any], expected: tuple[str, str]) -> None:
    assert chosen(Strategy.LOAD_BALANCED, held) == expected


def test_load_is_relative_to_the_limit_and_compared_exactly() -> None:
    readers = [reader("A", max_concurrent_studies=3), reader("B", max_concurrent_studies=30)]

    # 1/3 against 10/30 is a tie; the smallest difference is none.
    assert chosen(Strategy.LOAD_BALANCED, [load("A", "1"), load("B", "10")], readers) == (
        "A",
        "id",
    )
    near = load("B", "9.9999999999999999999999999")
    assert chosen(Strategy.LOAD_BALANCED, [load("A", "1"), near], readers) == ("B", "load")


@pytest.mark.parametrize(
    ("last_on_shift", "expected"),
    [
        ({"A": ago(5), "B": ago(9)}, ("B", "turn")),
        ({"A": ago(5)}, ("B", "turn")),
        ({}, ("B", "load")),
        ({"A": ago(5), "B": ago(5)}, ("B", "load")),
    ],
)
def test_round_robin_takes_who_waited_longest_on_that_shift(
    last_on_shift: dict[str, Any], expected: tuple[str, str]
) -> None:
    held = [
        load(
            id_, rvu, last_on_shift={"MRI_MSK": last_on_shift[id_]} if id_ in last_on_shift else {}
        )
        for id_, rvu in (("A", "2"), ("B", "1"))
    ]

    assert chosen(Strategy.ROUND_ROBIN, held) == expected


def test_round_robin_does_not_count_other_shifts() -> None:
    held = [
        load("A", last_on_shift={"OTHER": ago(1)}, last_assigned_at=ago(1)),
        load("B", last_on_shift={"MRI_MSK": ago(500)}, last_assigned_at=ago(500)),
    ]

    assert chosen(Strategy.ROUND_ROBIN, held) == ("A", "turn")


def test_urgent_takes_the_most_senior_then_the_least_load() -> None:
    readers = [
        reader("A", seniority_years=9),
        reader("B", seniority_years=9),
        reader("C", seniority_years=3),
    ]

    held = [load("A", "4"), load("B", "3"), load("C", "0")]

    assert chosen(Strategy.URGENT, held, readers) == ("B", "load")
    assert chosen(Strategy.URGENT, held[:1] + held[2:], [readers[0], readers[2]]) == (
        "A",
        "seniority",
    )


# Scoring


def score_of(
    person: dict[str, Any], held: dict[str, Any], **changes: Any
) -> tuple[str, list[str]]:
    """Return the total and the terms of one reader's score."""
    made = department(
        "A",
        readers=(reader("A", **person),),
        shifts=(shift(strategy=Strategy.SCORED),),
        **changes.pop("config", {}),
    )
    decision = decided(made, order(**changes), load("A", **held))
    [row] = decision.trace["tries"][0]["fit"]
    return row[3], row[4]


@pytest.mark.parametrize(
    ("person", "held", "facts", "expected"),
    [
        ({}, {}, {}, ("100", ["100", "0", "0", "0", "0", "0"])),
        (
            {},
            {"open_by_urgency": (0, 0, 5)},
            {},
            ("87.5", ["100", "-12.5", "0", "0", "0", "0"]),
        ),
        (
            {"max_concurrent_studies": 3},
            {"open_by_urgency": (0, 0, 1)},
            {},
            ("83.3333", ["100", "-16.6667", "0", "0", "0", "0"]),
        ),
        (
            {"specialties": frozenset({"musculoskeletal"})},
            {},
            {},
            ("120", ["100", "0", "20", "0", "0", "0"]),
        ),
        (
            {"seniority_years": 6},
            {},
            {"urgency": Urgency.STAT},
            ("115", ["100", "0", "0", "15", "0", "0"]),
        ),
        ({"seniority_years": 5}, {}, {"urgency": Urgency.STAT}, ("100", ["100"] + ["0"] * 5)),
        ({"seniority_years": 6}, {}, {"urgency": Urgency.URGENT}, ("100", ["100"] + ["0"] * 5)),
        ({}, {"last_activity_at": ago(5)}, {}, ("110", ["100", "0", "0", "0", "10", "0"])),
        ({}, {"last_activity_at": ago(5.01)}, {}, ("100", ["100"] + ["0"] * 5)),
        (
            {},
            {"mean_turnaround_minutes": Decimal("19.9")},
            {},
            ("110", ["100", "0", "0", "0", "0", "10"]),
        ),
        ({}, {"mean_turnaround_minutes": Decimal(20)}, {}, ("100", ["100"] + ["0"] * 5)),
        ({}, {"mean_turnaround_minutes": Decimal(40)}, {}, ("100", ["100"] + ["0"] * 5)),
        (
            {},
            {"mean_turnaround_minutes": Decimal("40.1")},
            {},
            ("90", ["100", "0", "0", "0", "0", "-10"]),
        ),
    ],
)
def test_the_terms_of_a_score(
    person: dict[str, Any],
    held: dict[str, Any],
    facts: dict[str, Any],
    expected: tuple[str, list[str]],
) -> None:
    assert score_of(person, held, **facts) == expected


def test_a_score_is_never_below_zero_and_weights_are_data() -> None:
    weights = Weights(start=Decimal(5), slow_turnaround=Decimal("-7.25"))

    slow = {"mean_turnaround_minutes": Decimal(60)}

    assert score_of({}, slow, config={"weights": weights})[0] == "0"


def test_scored_takes_the_highest_score_then_the_least_load() -> None:
    readers = [reader("A"), reader("B"), reader("C", specialties=frozenset({"musculoskeletal"}))]
    held = [load("A", "5"), load("B", "4"), load("C", "9")]

    assert chosen(Strategy.SCORED, held, readers) == ("C", "score")
    assert chosen(Strategy.SCORED, held[:2], readers[:2]) == ("B", "load")


def test_a_score_does_not_depend_on_the_threads_decimal_context() -> None:
    held = {"open_by_urgency": (0, 0, 1)}
    with localcontext() as context:
        context.prec = 6
        short = score_of({"max_concurrent_studies": 3}, held)

    assert short == score_of({"max_concurrent_studies": 3}, held)
