from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from apps.core.worker.child import ClusterProcess
from tests.core.worker.scene.stack import wait_until

pytestmark = [pytest.mark.fault]

_SLEEP = "import time; time.sleep(60)"
_DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " open('ready', 'w'); time.sleep(60)"
)
_WITH_CHILD = (
    "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
)


class HandClock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def make(clock: HandClock) -> Iterator[Callable[[str], ClusterProcess]]:
    made: list[ClusterProcess] = []

    def make(code: str) -> ClusterProcess:
        made.append(ClusterProcess("test", ([sys.executable, "-c", code], {**os.environ}), clock))
        return made[-1]

    yield make
    for process in made:
        process.end()
        clock.seconds += 60
        assert process.has_ended()


def _wait_for_end(process: ClusterProcess) -> None:
    select.select([process.fileno()], [], [], 10)


def test_it_is_started_once_and_can_be_waited_for(make: Callable[[str], ClusterProcess]) -> None:
    process = make(_SLEEP)
    before = (process.pid, process.fileno())

    assert (process.tend(), process.tend()) == (True, False)

    assert before == (None, -1)
    assert process.pid is not None
    assert select.select([process.fileno()], [], [], 0) == ([], [], [])


def test_one_that_lived_long_is_started_anew_at_once(
    make: Callable[[str], ClusterProcess], clock: HandClock
) -> None:
    process = make(_SLEEP)
    process.tend()
    first = process.pid
    assert first is not None
    clock.seconds += 60

    os.kill(first, 9)
    _wait_for_end(process)

    assert process.tend()
    assert process.pid != first


def test_one_that_keeps_dying_is_started_ever_more_slowly(
    make: Callable[[str], ClusterProcess], clock: HandClock
) -> None:
    process = make("")
    waits: list[float] = []
    for _ in range(8):
        clock.seconds += process.wait_seconds() or 0.0
        assert process.tend()
        _wait_for_end(process)
        process.tend()
        waits.append(process.wait_seconds() or 0.0)

    assert waits == [0.25, 0.5, 1, 2, 4, 8, 10, 10]


def test_one_asked_to_end_is_killed_when_its_grace_is_over(
    make: Callable[[str], ClusterProcess],
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    process = make(_DEAF)
    process.tend()
    assert wait_until((tmp_path / "ready").exists, seconds=10)

    process.end(grace_seconds=5)
    time.sleep(0.1)
    assert (process.has_ended(), process.is_ending, process.wait_seconds()) == (False, True, 5)
    clock.seconds += 5

    assert process.has_ended()
    assert (process.pid, process.fileno(), process.is_ending) == (None, -1, False)


def test_its_own_children_end_with_it(make: Callable[[str], ClusterProcess]) -> None:
    process = make(_WITH_CHILD)
    process.tend()
    assert process.pid is not None
    parent = psutil.Process(process.pid)
    assert wait_until(lambda: bool(parent.children()), seconds=10)
    child = parent.children()[0]

    parent.kill()
    _wait_for_end(process)
    process.tend()

    assert psutil.wait_procs([child], timeout=3)[1] == []


def test_asking_twice_or_without_a_process_changes_nothing(
    make: Callable[[str], ClusterProcess], clock: HandClock
) -> None:
    process = make(_SLEEP)
    process.end()
    assert not process.is_ending

    process.tend()
    process.end(grace_seconds=5)
    clock.seconds += 3
    process.end(grace_seconds=5)

    assert process.wait_seconds() in (2, None)
