from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.orders import clock
from apps.orders.models import Order

RECEIVED = datetime(2026, 2, 4, 0, 2, tzinfo=UTC)
BRISBANE = ZoneInfo("Australia/Brisbane")
MINUTE = timedelta(minutes=1)


def stat(**changes: object) -> Order:
    facts: dict[str, object] = {
        "urgency": "STAT",
        "received_at": RECEIVED,
        "clock_start": "received",
        "clock_started_at": RECEIVED,
        "acknowledge_minutes": 5,
        "report_minutes": 60,
        "status": "assigned",
    }
    made = Order(**facts | changes)
    made.acknowledge_due_at = clock.due_after(made, made.acknowledge_minutes)
    made.report_due_at = clock.due_after(made, made.report_minutes)
    return made


def said(order: Order, zone: ZoneInfo = BRISBANE) -> str:
    summed = clock.arithmetic(order)
    return clock.words(summed, summed.report, zone)


def test_due_is_the_start_and_the_minutes_and_the_time_held() -> None:
    assert stat().report_due_at == RECEIVED + 60 * MINUTE
    assert stat(held_seconds=90).report_due_at == RECEIVED + 60 * MINUTE + timedelta(seconds=90)
    assert stat(report_minutes=None).report_due_at is None
    assert stat(clock_started_at=None).report_due_at is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "received 10:02 + 60 min (STAT) = due 11:02"),
        (
            {"held_seconds": 720},
            "received 10:02 + 60 min (STAT) + 12 min held = due 11:14",
        ),
        ({"held_seconds": 20}, "received 10:02 + 60 min (STAT) + 20 s held = due 11:02"),
        (
            {"urgency": "ROUTINE", "report_minutes": 1440},
            "received 04 Feb 10:02 + 1440 min (ROUTINE) = due 05 Feb 10:02",
        ),
        (
            {"held_at": RECEIVED + 30 * MINUTE, "status": "held"},
            "received 10:02 + 60 min (STAT) = due 11:02; held since 10:32, so it stands still",
        ),
        ({"report_minutes": None}, ""),
    ],
    ids=["plain", "held", "held briefly", "next day", "held now", "no limit"],
)
def test_the_sum_in_words(changes: dict[str, object], expected: str) -> None:
    assert said(stat(**changes)) == expected


@pytest.mark.parametrize("event", ["exam", "ordered"])
def test_the_event_is_the_one_that_started_the_clock(event: str) -> None:
    earlier = RECEIVED - 10 * MINUTE
    there = stat(clock_start=event, clock_started_at=earlier, **{f"{event}_at": earlier})
    missing = stat(clock_start=event)

    assert said(there) == f"{event} 09:52 + 60 min (STAT) = due 10:52"
    assert said(missing) == "received 10:02 + 60 min (STAT) = due 11:02"


def test_the_acknowledgement_has_a_sum_of_its_own_in_the_viewers_zone() -> None:
    summed = clock.arithmetic(stat())

    assert (
        clock.words(summed, summed.acknowledge, ZoneInfo("UTC"))
        == "received 00:02 + 5 min (STAT) = due 00:07"
    )


def test_a_due_time_without_its_sum_is_told_alone() -> None:
    order = stat(clock_started_at=None)
    order.report_due_at = RECEIVED + 60 * MINUTE

    assert said(order) == "due 11:02"


def test_what_remains_shrinks_goes_below_zero_and_stands_still_while_held() -> None:
    at = RECEIVED + 40 * MINUTE
    assert clock.remaining(stat(), at) == 20 * MINUTE
    assert clock.remaining(stat(), at + 60 * MINUTE) == -40 * MINUTE
    held = stat(status="held", held_at=RECEIVED + 10 * MINUTE)
    assert clock.remaining(held, at) == clock.remaining(held, at + 60 * MINUTE) == 50 * MINUTE


@pytest.mark.parametrize("status", ["preliminary", "final", "amended", "cancelled"])
def test_nothing_remains_of_what_has_ended(status: str) -> None:
    assert clock.remaining(stat(status=status), RECEIVED) is None


def test_a_decision_while_held_counts_from_the_clock_going_on() -> None:
    held = stat(status="held", held_at=RECEIVED + 10 * MINUTE)

    assert clock.report_due_at(held, RECEIVED + 30 * MINUTE) == RECEIVED + 80 * MINUTE
    assert clock.report_due_at(stat(), RECEIVED + 30 * MINUTE) == RECEIVED + 60 * MINUTE
