"""The guard's judgement, child by child; that it works on real ones shows test_worker_faults."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command

from apps.core.worker import sentinel as sentinel_module
from apps.core.worker.sentinel import GuardedSentinel
from apps.core.worker.stop_signal import StopSignal


class FakeChild:
    def __init__(self, timer: float, exitcode: int | None = None) -> None:
        self.pid = 4242
        self.exitcode = exitcode
        self.timer = multiprocessing.Value("f", timer)

    def is_alive(self) -> bool:
        return self.exitcode is None


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[GuardedSentinel]:
    # Constructing one takes over the signals of the process, which are pytest's here.
    monkeypatch.setattr("django_q.cluster.signal.signal", lambda *_args: None)
    guard = GuardedSentinel("test", StopSignal())
    guard.spawned = 0

    def spawn_worker() -> None:
        guard.spawned += 1

    monkeypatch.setattr(guard, "spawn_worker", spawn_worker)
    yield guard
    for queue in (guard.task_queue, guard.result_queue):
        queue.close()


def test_an_idle_child_is_well_however_long(guard: GuardedSentinel) -> None:
    child = FakeChild(timer=-1)

    assert all(guard._is_well(child, 3600.0) for _ in range(3))
    assert child.timer.value == -1


def test_a_busy_child_has_its_time_counted_down_and_is_given_up_after_it(
    guard: GuardedSentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(sentinel_module.time, "monotonic", lambda: now)
    child = FakeChild(timer=33)

    assert guard._is_well(child, 32.5)
    assert child.timer.value == 0.5
    assert guard._is_well(child, 0.6)
    now += 5.1
    assert not guard._is_well(child, 0.5)


def test_a_child_that_leaves_after_its_alarm_is_let_go(guard: GuardedSentinel) -> None:
    child = FakeChild(timer=0)
    guard.pool = [child]
    assert guard._is_well(child, 0.5)

    child.exitcode = 0

    assert guard._is_well(child, 0.5)
    assert (guard.pool, guard.spawned) == ([], 1)


def test_a_recycled_worker_is_replaced(guard: GuardedSentinel) -> None:
    child = FakeChild(timer=-2, exitcode=0)
    guard.pool = [child]

    assert guard._is_well(child, 0.5)
    assert (guard.pool, guard.spawned) == ([], 1)


@pytest.mark.parametrize("exitcode", [-9, -11, 1])
def test_an_unclean_death_calls_for_a_new_beginning(guard: GuardedSentinel, exitcode: int) -> None:
    child = FakeChild(timer=-1, exitcode=exitcode)
    guard.pool = [child]
    # It died with the lock of its timer in hand: whoever waited for that would wait for ever.
    child.timer.get_lock().acquire()

    assert not guard._is_well(child, 0.5)
    assert guard.spawned == 0


def test_a_stop_signal_can_be_set_again_and_stays_readable() -> None:
    stop_signal = StopSignal()
    assert not stop_signal.is_set()

    stop_signal.set()
    stop_signal.set()

    assert stop_signal.is_set()
    assert multiprocessing.connection.wait([stop_signal.fileno()], 0) == [stop_signal.fileno()]


def test_a_cluster_is_refused_without_its_name_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("Q_CLUSTER_NAME", raising=False)

    with pytest.raises(CommandError, match="set Q_CLUSTER_NAME=decide"):
        call_command("run_cluster", "decide")
