from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.core.spans import in_words
from apps.dashboard.days import Day, day_of


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        pytest.param(
            utc(2026, 2, 4, 13, 59, 59),
            "Australia/Brisbane",
            Day(date(2026, 2, 4), utc(2026, 2, 3, 14), utc(2026, 2, 4, 14)),
            id="the last second before midnight",
        ),
        pytest.param(
            utc(2026, 2, 4, 14, 0, 0),
            "Australia/Brisbane",
            Day(date(2026, 2, 5), utc(2026, 2, 4, 14), utc(2026, 2, 5, 14)),
            id="midnight is the next day's",
        ),
        pytest.param(
            utc(2026, 2, 4, 14, 0, 0),
            "America/New_York",
            Day(date(2026, 2, 4), utc(2026, 2, 4, 5), utc(2026, 2, 5, 5)),
            id="the same moment is another day elsewhere",
        ),
        pytest.param(
            utc(2026, 3, 29, 12),
            "Europe/Berlin",
            Day(date(2026, 3, 29), utc(2026, 3, 28, 23), utc(2026, 3, 29, 22)),
            id="23 hours when clocks go forward",
        ),
        pytest.param(
            utc(2026, 10, 25, 12),
            "Europe/Berlin",
            Day(date(2026, 10, 25), utc(2026, 10, 24, 22), utc(2026, 10, 25, 23)),
            id="25 hours when clocks go back",
        ),
    ],
)
def test_day_runs_from_midnight_to_midnight_of_the_zone(at: datetime, zone: str, day: Day) -> None:
    assert day_of(at, ZoneInfo(zone)) == day


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=-5), "under 1 min"),
        (timedelta(seconds=59), "under 1 min"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(minutes=130, seconds=59), "2 h 10 min"),
        (timedelta(days=1), "1 d"),
        (timedelta(days=3, hours=4, minutes=59), "3 d 4 h"),
        (timedelta(days=2, minutes=5), "2 d"),
    ],
)
def test_span_is_said_in_the_two_units_that_matter(span: timedelta, words: str) -> None:
    assert in_words(span) == words


def test_span_in_one_unit_is_the_largest() -> None:
    assert in_words(timedelta(hours=23, minutes=59), units=1) == "23 h"
