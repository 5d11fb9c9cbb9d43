from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from apps.core import clock

MOMENT = datetime(2026, 2, 4, 12, 5, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_clock(settings: Settings, tmp_path: Path) -> None:
    settings.RADASSIGN_DATA_DIR = tmp_path
    settings.RADASSIGN_TEST_CLOCK = True


def test_without_a_setting_it_tells_the_real_time_in_utc() -> None:
    before = datetime.now(UTC)
    moment = clock.now()
    assert before <= moment <= datetime.now(UTC)
    assert moment.tzinfo is UTC


def test_a_frozen_clock_stands_until_it_is_moved() -> None:
    clock.travel_to(MOMENT, freeze=True)
    assert (clock.now(), clock.now()) == (MOMENT, MOMENT)
    clock.advance(timedelta(hours=1))
    assert clock.now() == MOMENT + timedelta(hours=1)


def test_a_clock_that_was_set_runs_on() -> None:
    clock.travel_to(MOMENT)
    first = clock.now()
    second = clock.now()
    assert MOMENT <= first < second < MOMENT + timedelta(seconds=10)


def test_advancing_a_running_clock_keeps_it_running() -> None:
    clock.advance(timedelta(days=1))
    ahead = clock.now() - datetime.now(UTC)
    assert timedelta(days=1) - timedelta(seconds=5) < ahead <= timedelta(days=1)


def test_reset_goes_back_to_the_real_time() -> None:
    clock.travel_to(MOMENT, freeze=True)
    clock.reset()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_clock_at_a_rate_runs_so_many_times_as_fast() -> None:
    clock.run_at(300, MOMENT)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=10), tick=False):
        later = clock.now()
    assert abs(later - MOMENT - timedelta(seconds=3000)) < timedelta(seconds=300)


def test_a_rate_goes_on_from_where_the_clock_is_and_outlives_a_journey() -> None:
    with time_machine.travel(MOMENT, tick=False) as real:
        clock.run_at(60)
        real.shift(1)
        assert clock.now() == MOMENT + timedelta(minutes=1)
        clock.travel_to(MOMENT + timedelta(days=1))
        real.shift(1)
        assert clock.now() == MOMENT + timedelta(days=1, minutes=1)
        clock.advance(timedelta(hours=1))
        real.shift(0.5)
        assert clock.now() == MOMENT + timedelta(days=1, hours=1, minutes=1, seconds=30)
        clock.travel_to(clock.now(), freeze=True)
        real.shift(1)
        assert clock.now() == MOMENT + timedelta(days=1, hours=1, minutes=1, seconds=30)
        clock.reset()
        assert clock.now() == MOMENT + timedelta(seconds=3.5)


@pytest.mark.parametrize("rate", [0, -1])
def test_a_clock_never_runs_backwards(rate: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        clock.run_at(rate)


def test_waits_are_told_in_real_seconds() -> None:
    with time_machine.travel(MOMENT, tick=False):
        assert clock.seconds_until(MOMENT + timedelta(minutes=5)) == 300
        clock.run_at(300)
        assert clock.seconds_until(MOMENT + timedelta(minutes=5)) == 1
        assert clock.seconds_until(MOMENT - timedelta(minutes=5)) == -1
        clock.travel_to(MOMENT, freeze=True)
        assert clock.seconds_until(MOMENT + timedelta(minutes=5)) == math.inf
        assert clock.seconds_until(MOMENT) == 0


def test_a_moment_of_another_zone_is_told_in_utc() -> None:
    brisbane = timezone(timedelta(hours=10))
    clock.travel_to(MOMENT.astimezone(brisbane), freeze=True)
    assert (clock.now(), clock.now().tzinfo) == (MOMENT, UTC)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        clock.travel_to(datetime(2026, 2, 4))  # noqa: DTZ001 -- what is refused


def test_without_the_switch_the_clock_can_neither_be_set_nor_heeds_the_file(
    settings: Settings,
) -> None:
    clock.travel_to(MOMENT, freeze=True)
    settings.RADASSIGN_TEST_CLOCK = False
    assert clock.now() > MOMENT
    changes: list[Callable[[], None]] = [
        lambda: clock.travel_to(MOMENT),
        lambda: clock.advance(timedelta()),
        lambda: clock.run_at(2),
        clock.reset,
    ]
    for change in changes:
        with pytest.raises(ImproperlyConfigured):
            change()


def test_a_test_clock_is_refused_where_https_is_served(settings: Settings) -> None:
    settings.HTTPS_ONLY = True
    with pytest.raises(SystemCheckError, match=r"radassign\.E001"):
        call_command("check")
