"""``manage.py up`` with everything it starts, killed in pieces."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from radassign.stack import running_ports
from tests.support.stack import PROJECT, RunningStack, eventually, running_stack

pytestmark = [pytest.mark.e2e, pytest.mark.fault]


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    with running_stack() as running:
        yield running


@pytest.mark.parametrize("part", ["listener", "web", "worker", "postgres"])
def test_a_killed_part_runs_again_within_two_seconds_and_the_stack_heals(
    stack: RunningStack, part: str
) -> None:
    stack.wait_until_healthy(seconds=30)
    killed = stack.kill(part)
    began = time.monotonic()
    assert eventually(lambda: stack.process(part) not in {None, killed}, seconds=5), stack.log()
    assert time.monotonic() - began < 2
    stack.wait_until_healthy(seconds=30)


def test_commands_of_the_same_folder_find_the_running_stack(stack: RunningStack) -> None:
    assert running_ports(stack.data_dir) == {
        name: stack.ports[name] for name in ("HTTP_PORT", "HL7_PORT")
    }
    status = stack.manage("postgres", "status").stdout
    assert status.startswith(f"running, process {stack.process('postgres')}\n")


def test_a_second_stack_on_the_same_folder_is_refused(stack: RunningStack) -> None:
    answer = stack.manage("up")
    assert answer.returncode == 1
    assert f"another stack runs on {stack.data_dir}" in answer.stderr
    assert stack.is_healthy()


def test_a_second_stack_on_the_same_ports_is_told_which_setting_to_change(
    stack: RunningStack,
) -> None:
    other = stack.data_dir / "other"
    environment = {**stack.environment(), "RADASSIGN_DATA_DIR": str(other)}
    answer = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    shutil.rmtree(other)
    assert answer.returncode == 1
    for name in ("HTTP_PORT", "HL7_PORT"):
        assert f"port {stack.ports[name]} on 127.0.0.1 is in use; free it, or set {name}" in (
            answer.stderr
        )


def test_a_killed_supervisor_leaves_nothing_and_the_next_one_starts(stack: RunningStack) -> None:
    stack.end(signal.SIGKILL)
    assert eventually(lambda: stack.survivors() == [], seconds=20), stack.survivors()
    stack.supervisor = stack.start_another()
    stack.wait_until_healthy()


def test_a_signal_ends_everything_in_order_and_leaves_nothing(stack: RunningStack) -> None:
    stack.wait_until_healthy()
    assert stack.end(signal.SIGINT) == 0
    assert stack.survivors() == []
    assert running_ports(stack.data_dir) == {}
    assert stack.log().splitlines()[-1] == "radassign    | stopped"
