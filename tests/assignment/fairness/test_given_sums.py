"""What a reader was given since a moment, followed line by line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.assignment.snapshot.given import Given

START = datetime(2026, 2, 4, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
# Lines and questions, in minutes; a question never reaches further back than a day before the
# latest one that was asked.
STEPS = st.lists(
    st.tuples(st.booleans(), st.integers(-1440, 1440), st.integers(-5, 5)), max_size=40
)


@given(STEPS)
def test_the_sum_is_that_of_the_lines_whatever_moment_is_asked_next(
    steps: list[tuple[bool, int, int]],
) -> None:
    book = Given()
    lines: list[tuple[datetime, Decimal]] = []
    for is_question, minutes, units in steps:
        moment = START + timedelta(minutes=minutes)
        if is_question:
            expected = sum((amount for at, amount in lines if at >= moment), Decimal(0))
            assert book.sum_since(moment) == expected
        else:
            book.add(moment, Decimal(units))
            lines.append((moment, Decimal(units)))


def test_who_is_on_duty_around_the_clock_is_counted_for_a_day_and_keeps_no_more() -> None:
    book = Given()
    for hours in range(24 * 60):
        book.add(START + timedelta(hours=hours), Decimal(1))
        at = START + timedelta(hours=hours)
        assert book.sum_since(at - DAY) == min(hours + 1, 25)

    assert len(book._moments) < 24 * 60 / 2


def test_a_turn_that_is_found_to_have_begun_earlier_counts_from_there() -> None:
    book = Given()
    for hours in range(600):
        book.add(START + timedelta(hours=hours), Decimal(1))
    now = START + timedelta(hours=600)

    assert book.sum_since(now - timedelta(hours=2)) == 2
    assert book.sum_since(now - DAY) == 24
