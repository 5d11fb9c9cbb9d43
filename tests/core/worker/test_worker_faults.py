"""Real processes, really killed. Every test ends with the work done, once, without a hand."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.core.worker.scene.stack import Scene, wait_until

pytestmark = [pytest.mark.fault]

_WELL_AGAIN_SECONDS = 10


@pytest.fixture(scope="module")
def built_scene() -> Iterator[Scene]:
    data_dir = Path(tempfile.mkdtemp(prefix="radassign-scene-"))
    data_dir.chmod(0o711)
    scene = Scene(data_dir)
    scene.build()
    yield scene
    scene.stop()


@pytest.fixture
def scene(built_scene: Scene) -> Scene:
    built_scene.empty()
    return built_scene


@pytest.fixture
def worker(scene: Scene) -> psutil.Popen:
    """The same worker for all tests, as long as it lives: what one did to it the next suffers."""
    return scene.worker()


def _sentinel(worker: psutil.Process, cluster: str = "decide") -> psutil.Process:
    return next(child for child in worker.children() if child.cmdline()[-1] == cluster)


def _workers(worker: psutil.Popen) -> list[psutil.Process]:
    """Return the two that run tasks: they are started before monitor and pusher."""
    return sorted(_sentinel(worker).children(), key=lambda child: child.pid)[:2]


def test_what_waited_while_nobody_ran_is_swept(scene: Scene) -> None:
    scene.add("before", notify=False)

    with scene.another_worker():
        assert scene.is_done("before", seconds=5)


@pytest.mark.usefixtures("worker")
def test_what_came_without_a_notice_is_found(scene: Scene) -> None:
    wait_until(lambda: not scene.slice_is_held("decide"), seconds=5)

    scene.add("unannounced", notify=False)

    assert scene.is_done("unannounced", seconds=5)


@pytest.mark.usefixtures("worker")
def test_both_clusters_work_side_by_side(scene: Scene) -> None:
    scene.add("slow 2")
    scene.add("quick", cluster="deliver")

    assert wait_until(lambda: "quick" in scene.done(), seconds=1.5)
    assert scene.is_done("slow 2", "quick", seconds=5)


@pytest.mark.parametrize("position", range(3), ids=["worker", "monitor", "pusher"])
def test_a_killed_idle_process_does_not_stall_its_cluster(
    scene: Scene, worker: psutil.Process, position: int
) -> None:
    sentinel = _sentinel(worker)
    wait_until(lambda: not scene.slice_is_held("decide"), seconds=5)

    sorted(sentinel.children(), key=lambda child: child.pid)[position].kill()
    scene.add("after")

    assert scene.is_done("after", seconds=_WELL_AGAIN_SECONDS)
    assert _sentinel(worker) == sentinel


def test_all_workers_killed_busy_leave_the_work_to_the_next(
    scene: Scene, worker: psutil.Process
) -> None:
    scene.add("slow 1")
    assert wait_until(lambda: scene.slice_is_held("decide"), seconds=5)

    for process in _workers(worker):
        process.kill()

    assert scene.is_done("slow 1", seconds=_WELL_AGAIN_SECONDS)


def test_workers_killed_over_and_over_do_not_wear_the_cluster_out(
    scene: Scene, worker: psutil.Process
) -> None:
    for number in range(5):
        for process in _workers(worker):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        scene.add(f"{number}")
        assert wait_until(lambda n=number: str(n) in scene.done(), seconds=_WELL_AGAIN_SECONDS)

    assert scene.is_done("0", "1", "2", "3", "4", seconds=1)


def test_a_killed_cluster_is_started_anew(scene: Scene, worker: psutil.Popen) -> None:
    sentinel = _sentinel(worker)
    children = sentinel.children()

    sentinel.kill()
    scene.add("after")

    assert scene.is_done("after", seconds=_WELL_AGAIN_SECONDS)
    assert psutil.wait_procs(children, timeout=5)[1] == []


def test_a_frozen_cluster_is_ended_and_started_anew(scene: Scene, worker: psutil.Popen) -> None:
    sentinel = _sentinel(worker)
    scene.add("slow 1")
    assert wait_until(lambda: scene.slice_is_held("decide"), seconds=5)
    for process in [sentinel, *sentinel.children()]:
        process.send_signal(signal.SIGSTOP)

    assert scene.is_done("slow 1", seconds=28)
    assert not sentinel.is_running()


def test_a_killed_watchdog_leaves_no_process_behind(worker: psutil.Popen) -> None:
    below = worker.children(recursive=True)

    worker.kill()

    assert psutil.wait_procs(below, timeout=3)[1] == []


def test_sigterm_ends_everything_while_slices_linger_and_work(
    scene: Scene, worker: psutil.Process
) -> None:
    below = worker.children(recursive=True)
    scene.add("slow 1")
    assert wait_until(lambda: scene.slice_is_held("decide"), seconds=5)

    worker.terminate()

    assert worker.wait(timeout=8) == 0
    assert psutil.wait_procs(below, timeout=1)[1] == []
    assert scene.done() == ["slow 1"]
    assert scene.run("SELECT 1 FROM core_heartbeat WHERE role = 'worker'") == []


def test_a_killed_database_is_worked_with_again_when_it_is_back(
    scene: Scene, worker: psutil.Process
) -> None:
    clusters = worker.children()
    pid = scene.server.state().pid
    assert pid is not None

    psutil.Process(pid).kill()
    scene.server.start(die_with_parent=True)
    scene.add("after", notify=False)

    assert scene.is_done("after", seconds=_WELL_AGAIN_SECONDS)
    assert worker.children() == clusters


@pytest.mark.usefixtures("worker")
def test_two_workers_do_each_thing_once(scene: Scene) -> None:
    with scene.another_worker():
        scene.run(
            "INSERT INTO core_duetime (kind, subject, due_at, payload)"
            " SELECT 'ring', n, clock_timestamp() + interval '1 second', '{}'"
            " FROM generate_series(1, 40) n"
        )
        scene.run("INSERT INTO scene_item (cluster) SELECT 'decide' FROM generate_series(1, 200)")
        scene.run("NOTIFY radassign_decide")

        rings = [f"ring {n}" for n in range(1, 41)]
        assert scene.is_done(*rings, *[""] * 200, seconds=_WELL_AGAIN_SECONDS)


@pytest.mark.usefixtures("worker")
def test_a_due_time_is_kept_to_the_moment(scene: Scene) -> None:
    scene.run(
        "INSERT INTO core_duetime (kind, subject, due_at, payload)"
        " VALUES ('ring', 'x', clock_timestamp() + interval '1500 ms', '{}')"
    )

    assert scene.is_done("ring x", seconds=5)
    late = scene.run("SELECT extract(epoch FROM at - since)::float8 FROM scene_journal")
    assert 0 <= float(str(late[0][0])) < 0.5


@pytest.mark.usefixtures("worker")
def test_the_worker_and_its_slices_give_signs_of_life(scene: Scene) -> None:
    scene.add("x")
    scene.add("y", cluster="deliver")

    def roles() -> set[object]:
        fresh = "SELECT role FROM core_heartbeat WHERE at > clock_timestamp() - interval '5 s'"
        return {row[0] for row in scene.run(fresh)}

    assert wait_until(lambda: roles() == {"worker", "decide", "deliver"}, seconds=5)
