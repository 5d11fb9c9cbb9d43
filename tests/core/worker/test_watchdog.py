from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from apps.core import clock, due
from apps.core.models import DueTime, Heartbeat, QueueTask
from apps.core.queue import probes
from apps.core.queue.clusters import ClusterSpec
from apps.core.queue.line import Line
from apps.core.queue.locks import try_lock
from apps.core.worker.child import ClusterProcess
from apps.core.worker.stop_signal import StopSignal
from apps.core.worker.watchdog import Guarded, Watchdog

pytestmark = [pytest.mark.django_db(transaction=True)]

_SPECS = (
    ClusterSpec("one", "test_one", "task.one", runs_due=True),
    ClusterSpec("two", "test_two", "task.two"),
    ClusterSpec("slow", "test_slow", "task.slow", is_slow=True),
)


class HandClock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class FakeProcess(ClusterProcess):
    ends: list[float] = field(default_factory=list)

    def end(self, grace_seconds: float = 12.0) -> None:
        self.ends.append(grace_seconds)


@pytest.fixture(autouse=True)
def only_these_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_probes", type(probes._probes)(list))


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
def guarded() -> list[Guarded]:
    return [Guarded(spec, FakeProcess()) for spec in _SPECS]


@pytest.fixture
def watchdog(guarded: list[Guarded], hand_clock: HandClock) -> Iterator[Watchdog]:
    watchdog = Watchdog(guarded, StopSignal(), hand_clock)
    yield watchdog
    watchdog._line.close()


@pytest.fixture
def settled(watchdog: Watchdog) -> Watchdog:
    """A watchdog that has arrived, its first nudges taken."""
    watchdog._mind_database()
    _forget_nudges()
    return watchdog


def _notify(channel: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {channel}")


def _forget_nudges() -> None:
    QueueTask.objects.all().delete()


def _nudged() -> list[str]:
    return sorted(QueueTask.objects.values_list("dedupe_key", flat=True))


def _later(watchdog: Watchdog, hand_clock: HandClock, seconds: float) -> None:
    hand_clock.seconds += seconds
    watchdog._mind_database()


def test_all_are_nudged_on_arrival_and_the_watchdog_shows_that_it_lives(
    watchdog: Watchdog,
) -> None:
    watchdog._mind_database()

    assert _nudged() == ["task.one", "task.slow", "task.two"]
    assert Heartbeat.objects.get().role == "worker"


def test_a_notice_nudges_its_own_cluster(settled: Watchdog, hand_clock: HandClock) -> None:
    _notify("test_two")

    for _ in range(10):
        # A notice takes as long as the machine takes to pass it on.
        _later(settled, hand_clock, 0.1)
        if _nudged():
            break

    assert _nudged() == ["task.two"]


def test_a_notice_that_a_slice_hears_itself_nudges_nobody(
    settled: Watchdog, hand_clock: HandClock
) -> None:
    holder = Line("test")
    try_lock(holder, "two")
    _notify("test_two")

    _later(settled, hand_clock, 0.1)
    holder.close()

    assert _nudged() == []


def test_its_own_notices_are_nothing_new(settled: Watchdog, hand_clock: HandClock) -> None:
    settled._wake(_SPECS[0])
    _forget_nudges()

    _later(settled, hand_clock, 0.1)

    assert _nudged() == []


def test_a_lost_connection_is_opened_again_and_everything_nudged_for(
    settled: Watchdog, hand_clock: HandClock
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'radassign-watchdog'"
        )

    for _ in range(3):
        _later(settled, hand_clock, 1.0)

    assert _nudged() == ["task.one", "task.slow", "task.two"]


def test_a_cluster_is_not_blamed_for_the_time_the_database_was_away(
    settled: Watchdog,
    guarded: list[Guarded],
    hand_clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting = clock.now()
    probes.register_probe("two", lambda: waiting)
    _later(settled, hand_clock, 1.0)
    settled._leave(OperationalError())
    with monkeypatch.context() as away:
        away.setitem(connection.settings_dict, "HOST", "/nowhere")
        _later(settled, hand_clock, 60.0)

    _later(settled, hand_clock, 1.0)

    assert guarded[1].process.ends == []  # type: ignore[attr-defined] # FakeProcess


def test_a_failing_probe_does_not_keep_the_watchdog_from_the_rest(
    settled: Watchdog, hand_clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ValueError("broken")

    waiting = clock.now() - timedelta(seconds=10)
    probes.register_probe("one", broken)
    probes.register_probe("two", lambda: waiting)

    _later(settled, hand_clock, 1.0)

    assert _nudged() == ["task.two"]
    assert "watchdog failed to look" in caplog.text


def test_what_does_not_move_is_nudged_for_and_then_its_cluster_ended(
    settled: Watchdog, guarded: list[Guarded], hand_clock: HandClock
) -> None:
    waiting = clock.now()
    probes.register_probe("two", lambda: waiting)

    for _ in range(17):
        _later(settled, hand_clock, 1.0)

    assert _nudged() == ["task.two"]
    assert [each.process.ends for each in guarded] == [[], [1.0], []]  # type: ignore[attr-defined] # FakeProcess


def test_slow_work_under_way_is_no_stall_however_long_others_wait(
    settled: Watchdog, guarded: list[Guarded], hand_clock: HandClock
) -> None:
    waiting = clock.now()
    probes.register_probe("slow", lambda: waiting)
    holder = Line("test")
    try_lock(holder, "slow")

    for _ in range(600):
        _later(settled, hand_clock, 1.0)
    assert _nudged() == []
    assert [each.process.ends for each in guarded] == [[], [], []]  # type: ignore[attr-defined] # FakeProcess

    holder.close()
    for _ in range(17):
        _later(settled, hand_clock, 1.0)

    assert _nudged() == ["task.slow"]
    assert [each.process.ends for each in guarded] == [[], [], [1.0]]  # type: ignore[attr-defined] # FakeProcess


@pytest.mark.parametrize(
    ("in_seconds", "is_nudged"), [(-5.0, True), (0.0, True), (0.5, False), (5.0, False)]
)
def test_the_cluster_that_runs_what_is_due_is_woken_when_it_is(
    settled: Watchdog, hand_clock: HandClock, in_seconds: float, is_nudged: bool
) -> None:
    due.schedule_due("x", "1", clock.now() + timedelta(seconds=in_seconds))

    _later(settled, hand_clock, 1.0)

    assert _nudged() == (["task.one"] if is_nudged else [])


def test_the_watchdog_waits_no_longer_than_to_the_nearest_due_time(
    settled: Watchdog, hand_clock: HandClock
) -> None:
    due.schedule_due("x", "1", clock.now() + timedelta(seconds=0.5))

    hand_clock.seconds += 1.0
    assert settled._mind_database() <= 0.5
    _later(settled, hand_clock, 0.5)

    assert _nudged() == ["task.one"]


def test_one_due_time_wakes_once(settled: Watchdog, hand_clock: HandClock) -> None:
    DueTime.objects.create(kind="x", subject="1", due_at=clock.now() - timedelta(seconds=1))
    _later(settled, hand_clock, 1.0)
    _forget_nudges()

    _later(settled, hand_clock, 1.0)

    assert _nudged() == []
