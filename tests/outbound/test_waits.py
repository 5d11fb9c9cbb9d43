from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from apps.outbound.delivery import waits
from apps.outbound.delivery.letters import Patience

NOON = datetime(2026, 2, 4, 12, tzinfo=UTC)
PATIENCE = Patience(
    quick_retries=3, longest_wait=timedelta(minutes=5), give_up=timedelta(hours=24)
)


def after(**passed: float) -> datetime:
    return NOON + timedelta(**passed)


@pytest.mark.parametrize(
    ("attempts", "at", "expected"),
    [
        pytest.param(1, after(seconds=0), 0.2, id="quick"),
        pytest.param(3, after(minutes=9), 0.2, id="last quick, however slow the attempts were"),
        pytest.param(4, after(seconds=2), 1.0, id="then a second at least"),
        pytest.param(9, after(seconds=50), 10.0, id="then a fifth of the trouble"),
        pytest.param(60, after(minutes=25), 300.0, id="up to the longest"),
        pytest.param(99, after(hours=23), 300.0, id="and no longer"),
    ],
)
def test_a_messages_waits_grow_with_its_trouble(
    attempts: int, at: datetime, expected: float
) -> None:
    assert waits.wait_for_message(attempts, NOON, at, PATIENCE).total_seconds() == expected


def test_a_silent_peer_rests_half_as_long_as_the_message_it_left_unanswered() -> None:
    at = after(seconds=50)
    assert waits.wait_for_silent_peer(4, NOON, at, PATIENCE) == timedelta(seconds=5)
    assert waits.wait_for_message(4, NOON, at, PATIENCE) == timedelta(seconds=10)


def test_connecting_is_tried_every_15_seconds_however_long_the_outage() -> None:
    assert waits.wait_for_connection(500, NOON, after(hours=20), PATIENCE) == timedelta(seconds=15)


def test_a_destination_with_a_shorter_longest_wait_is_connected_to_sooner() -> None:
    hasty = Patience(0, timedelta(seconds=3), timedelta(hours=24))
    assert waits.wait_for_connection(500, NOON, after(hours=20), hasty) == timedelta(seconds=3)


def test_a_refusing_peer_is_spared_more_and_more_but_never_for_long_after_a_short_outage() -> None:
    moments = [NOON]
    while moments[-1] < after(hours=24):
        at = moments[-1]
        moments.append(at + waits.wait_for_message(len(moments), NOON, at, PATIENCE))

    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert gaps[3:] == sorted(gaps[3:])
    assert max(gaps) == timedelta(minutes=5)
    assert len(moments) < 330
    outage = [gap for at, gap in zip(moments, gaps, strict=False) if at < after(minutes=2)]
    assert max(outage) <= timedelta(seconds=24)


@pytest.mark.parametrize(
    ("at", "expected"),
    [(after(hours=24), True), (after(hours=24, seconds=-1), False)],
    ids=["at the limit", "before it"],
)
def test_giving_up_after_the_set_hours(at: datetime, *, expected: bool) -> None:
    assert waits.has_given_up(NOON, at, PATIENCE) is expected
