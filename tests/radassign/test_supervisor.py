"""The supervisor with real processes."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from radassign.supervisor import CommandService, Output, Supervisor
from radassign.supervisor.leftovers import VARIABLE, end_leftovers, mark, marked_processes

pytestmark = pytest.mark.fault

PROJECT = Path(__file__).resolve().parents[2]
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"


class Recorder(io.StringIO):
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


@pytest.fixture
def screen() -> Recorder:
    return Recorder()


@pytest.fixture
def supervisor(screen: Recorder) -> Iterator[Supervisor]:
    made = Supervisor(Output(screen), stop_seconds=2.0)
    yield made
    made.end()


def _python(name: str, program: str, *, phase: int = 0) -> CommandService:
    command = [sys.executable, "-c", textwrap.dedent(program)]
    return CommandService(name, command, {"PYTHONUNBUFFERED": "1"}, stop_phase=phase)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _eventually(condition: Callable[[], bool], *, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_lines_carry_the_name_of_who_wrote_them(supervisor: Supervisor, screen: Recorder) -> None:
    supervisor.add(_python("listener", "print('one\\ntwo'); import time; time.sleep(60)"))
    assert supervisor.run_until(lambda: "two" in screen.getvalue(), seconds=5)
    assert screen.lines() == ["listener     | one", "listener     | two"]


def test_a_killed_process_is_started_again_within_two_seconds(
    supervisor: Supervisor, screen: Recorder
) -> None:
    slot = supervisor.add(_python("web", SLEEPER))
    assert supervisor.run_until(lambda: "up" in screen.getvalue(), seconds=5)
    assert slot.process is not None
    first = slot.process.pid
    os.kill(first, signal.SIGKILL)
    began = time.monotonic()
    assert supervisor.run_until(lambda: slot.restarts == 1 and slot.is_running, seconds=5)
    assert time.monotonic() - began < 2
    assert slot.process.pid != first
    assert "radassign    | web was ended by signal 9; starts again in 0.5 s" in screen.lines()


def test_grandchildren_of_a_killed_process_are_gone_before_it_starts_again(
    supervisor: Supervisor, screen: Recorder
) -> None:
    program = """
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print("grandchild", child.pid, flush=True)
        time.sleep(600)
        """
    slot = supervisor.add(_python("web", program))
    assert supervisor.run_until(lambda: "grandchild" in screen.getvalue(), seconds=5)
    grandchild = int(screen.lines()[0].split()[-1])
    assert slot.process is not None
    os.kill(slot.process.pid, signal.SIGKILL)
    assert supervisor.run_until(lambda: slot.restarts == 1, seconds=5)
    assert _eventually(lambda: not _is_alive(grandchild))


def test_services_end_phase_by_phase(supervisor: Supervisor, screen: Recorder) -> None:
    program = """
        import signal, sys, time
        def stop(*_):
            time.sleep({pause})
            print("ended", flush=True)
            sys.exit()
        signal.signal(signal.SIGTERM, stop)
        print("up", flush=True)
        time.sleep(600)
        """
    supervisor.add(_python("postgres", program.format(pause=0), phase=9))
    supervisor.add(_python("worker", program.format(pause=0), phase=1))
    supervisor.add(_python("web", program.format(pause=0.3), phase=0))
    assert supervisor.run_until(lambda: screen.getvalue().count("up") == 3, seconds=5)
    supervisor.end()
    assert screen.lines()[3:] == [
        "web          | ended",
        "worker       | ended",
        "postgres     | ended",
    ]


def test_what_does_not_end_in_time_is_killed(supervisor: Supervisor, screen: Recorder) -> None:
    program = """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf", flush=True)
        time.sleep(600)
        """
    slot = supervisor.add(_python("worker", program))
    assert supervisor.run_until(lambda: "deaf" in screen.getvalue(), seconds=5)
    assert slot.process is not None
    pid = slot.process.pid
    supervisor.end()
    assert not _is_alive(pid)
    assert screen.lines()[-1] == "radassign    | worker did not end in time and is killed"


def test_a_command_that_cannot_be_started_is_tried_again(
    supervisor: Supervisor, screen: Recorder, tmp_path: Path
) -> None:
    missing = tmp_path / "listener"
    supervisor.add(CommandService("listener", [missing]))
    supervisor.tick()
    assert "listener cannot be started" in screen.lines()[0]
    missing.write_text("#!/bin/sh\necho here\nsleep 60\n")
    missing.chmod(0o755)
    assert supervisor.run_until(lambda: "| here" in screen.getvalue(), seconds=5)


def test_a_line_without_end_is_cut_instead_of_kept(
    supervisor: Supervisor, screen: Recorder
) -> None:
    supervisor.add(_python("listener", "print('x' * 300000); import time; time.sleep(60)"))
    assert supervisor.run_until(lambda: screen.getvalue().count("x") == 300000, seconds=5)
    assert len(screen.lines()) > 1


def test_the_end_is_in_order_though_nobody_reads_the_lines(tmp_path: Path) -> None:
    farewell = tmp_path / "farewell"
    program = f"""
        import pathlib, signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path({str(farewell)!r}).touch(), sys.exit()))
        while True:
            print("up")
            time.sleep(0.02)
    """
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        made = Supervisor(Output(stream), stop_seconds=2.0)
        made.add(_python("listener", program))
        made.run_until(lambda: False, seconds=0.5)
        os.close(reader)
        made.run_until(lambda: False, seconds=0.5)
        made.output.say("stopping")
        made.end()
    assert farewell.exists()


def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    program = f"""
        import sys
        from radassign.supervisor import CommandService, Output, Supervisor
        supervisor = Supervisor(Output())
        command = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"]
        supervisor.add(CommandService("child", command, {{"{VARIABLE}": {mark(tmp_path)!r}}}))
        supervisor.run()
        """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, cwd=PROJECT
    )
    with process:
        assert process.stdout is not None
        child = int(process.stdout.readline().split()[-1])
        assert marked_processes(tmp_path) == [child]
        process.kill()
    assert _eventually(lambda: not _is_alive(child))


def test_marked_leftovers_are_ended_and_others_are_not(tmp_path: Path) -> None:
    def start(folder: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", SLEEPER],
            env={**os.environ, VARIABLE: mark(folder)},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    with start(tmp_path / "ours") as ours, start(tmp_path / "others") as others:
        assert _eventually(lambda: marked_processes(tmp_path / "ours") == [ours.pid])
        assert end_leftovers(tmp_path / "ours") == 1
        assert (ours.wait(5), others.poll()) == (-signal.SIGTERM, None)
        others.kill()
