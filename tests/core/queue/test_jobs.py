from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import OperationalError

from apps.core.queue import jobs, probes
from tests.factories.times import NOON


@pytest.fixture(autouse=True)
def only_these_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_kinds", {})
    monkeypatch.setattr(probes, "_probes", type(probes._probes)(list))


def waits() -> datetime:
    return NOON


def journal(done: list[str], name: str, times: int) -> Callable[[], int]:
    left = [name] * times

    def work() -> int:
        if not left:
            return 0
        done.append(left.pop())
        return 1

    return work


def test_kinds_take_turns_so_that_none_waits_behind_a_long_row_of_another() -> None:
    done: list[str] = []
    jobs.register("feeds", journal(done, "feed", 3), waits)
    jobs.register("rosters", journal(done, "roster", 2), waits)

    while jobs.work_once():
        pass

    assert done == ["feed", "roster", "feed", "roster", "feed"]


def test_a_kind_that_fails_rests_and_the_others_get_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seconds = [100.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: seconds[0])
    tried: list[float] = []

    def fail() -> int:
        tried.append(seconds[0])
        raise ValueError("https://calendar.example/secret-token")

    done: list[str] = []
    jobs.register("feeds", fail, waits)
    jobs.register("rosters", journal(done, "roster", 2), waits)
    for seconds[0] in (100.0, 101.0, 105.0, 106.0, 115.0):
        jobs.work_once()

    assert done == ["roster", "roster"]
    assert tried == [100.0, 105.0, 115.0]
    assert "slow work feeds failed: ValueError" in caplog.text
    assert "secret-token" not in caplog.text


def test_what_only_rests_is_no_reason_to_look_again_at_once() -> None:
    def fail() -> int:
        raise ValueError

    jobs.register("feeds", fail, waits)
    assert jobs._has_work()

    jobs.work_once()

    assert not jobs._has_work()


def test_a_database_that_is_away_is_the_slices_affair() -> None:
    def away() -> int:
        raise OperationalError

    jobs.register("feeds", away, waits)

    with pytest.raises(OperationalError):
        jobs.work_once()


def test_the_watchdog_is_told_what_waits() -> None:
    jobs.register("feeds", lambda: 0, waits)

    assert probes.waiting_since(jobs.CLUSTER) == NOON
