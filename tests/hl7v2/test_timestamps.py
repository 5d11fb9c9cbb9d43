from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.hl7v2.timestamps import format_ts, parse_date, parse_ts

SYDNEY = ZoneInfo("Australia/Sydney")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026", "2025-12-31T13:00:00"),
        ("202607", "2026-06-30T14:00:00"),
        ("20260701", "2026-06-30T14:00:00"),
        ("2026070110", "2026-07-01T00:00:00"),
        ("202607011030", "2026-07-01T00:30:00"),
        ("20260701103015", "2026-07-01T00:30:15"),
        ("20260701103015.1234", "2026-07-01T00:30:15.123400"),
        ("20260701103060", "2026-07-01T00:30:59"),
        ("202607011030+0000", "2026-07-01T10:30:00"),
        ("20260701103015.5-0530", "2026-07-01T16:00:15.500000"),
        (" 202607011030 ", "2026-07-01T00:30:00"),
        ("20260701103015.1234567+1030", "2026-07-01T00:00:15.123456"),
        ("2026-07-01T08:00:00Z", "2026-07-01T08:00:00"),
        ("2026-07-01T10:30:15.1234567+10:30", "2026-07-01T00:00:15.123456"),
        ("2026-07-01 10:30:15,5", "2026-07-01T00:30:15.500000"),
        ("2026-07-01T10:30", "2026-07-01T00:30:00"),
        ("2026-07-01T10:30:15-05", "2026-07-01T15:30:15"),
        ("2026-07-01", "2026-06-30T14:00:00"),
        ("2026-0530", "2026-01-01T05:30:00"),
        # The hour that comes twice when summer time ends is its first.
        ("202604050230", "2026-04-04T15:30:00"),
    ],
)
def test_times_of_any_precision_become_utc(value: str, expected: str) -> None:
    assert parse_ts(value, SYDNEY) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "", '""', "0000", "20261399", "20260230", "202607012460", "20260701103099", "soon",
        "2026-7-1", "202607011", "20260701+9999", "20260701+1261", "000101010000+1400",
        "99991231235959-1400", "٢٠٢٦", "2026070110301512", "20260701103015.", "\x00",
    ],
)  # fmt: skip
def test_what_is_no_time_is_none(value: str) -> None:
    assert parse_ts(value, SYDNEY) is None


def test_farthest_time_is_still_one() -> None:
    assert parse_ts("99991231235959+1400", UTC) == datetime(9999, 12, 31, 9, 59, 59, tzinfo=UTC)


@given(st.text(max_size=30))
def test_reading_a_time_never_raises(value: str) -> None:
    parse_ts(value, SYDNEY)
    parse_date(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("19800115", date(1980, 1, 15)),
        ("198001151200", date(1980, 1, 15)),
        ("1980", None),
        ("198001", None),
        ("1980+1000", None),
        ("19800230", None),
        ("x", None),
    ],
)
def test_dates_need_a_day(value: str, expected: date | None) -> None:
    assert parse_date(value) == expected


def test_times_are_written_on_the_zones_wall_clock() -> None:
    at = datetime(2026, 7, 1, 0, 30, 15, 999, tzinfo=UTC)
    assert format_ts(at, SYDNEY) == "20260701103015"
    assert format_ts(at, SYDNEY, with_offset=True) == "20260701103015+1000"
