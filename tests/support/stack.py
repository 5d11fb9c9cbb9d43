"""A whole stack of real processes for tests: its own data folder, its own ports.

Made by ``manage.py up``, as people make theirs, and killed in pieces by the tests.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from radassign.postgres import EmbeddedPostgres
from radassign.supervisor.leftovers import marked_processes

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0
_COMMANDS = {
    "web": "gunicorn",
    "listener": "hl7_listener",
    "worker": "manage.py worker",
    "postgres": "postgres -D",
}


def eventually(condition: Callable[[], bool], *, seconds: float = 30.0) -> bool:
    """Return whether the condition came true in time; asked twenty times a second."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class RunningStack:
    """One ``manage.py up`` and what can be done to it."""

    def __init__(
        self, data_dir: Path, *options: str, settings: Mapping[str, str] | None = None
    ) -> None:
        names = ("HTTP_PORT", "HL7_PORT", "RIS_PORT")
        self.data_dir = data_dir
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self._options = options
        self._settings = dict(settings or {})
        self._log = (data_dir / "up.log").open("wb")
        self.supervisor = self.start_another()

    def environment(self) -> dict[str, str]:
        """Return our environment without what makes the test run's own settings."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RADASSIGN_", "DJANGO_", "PROMETHEUS_", "LOG_"))
        }
        ports = {name: str(number) for name, number in self.ports.items()}
        return {
            **kept,
            **ports,
            **self._settings,
            "RADASSIGN_DATA_DIR": str(self.data_dir),
        }

    def start_another(self) -> subprocess.Popen[bytes]:
        """Start a supervisor on the folder, the first or one after a kill."""
        return subprocess.Popen(
            [sys.executable, "manage.py", "up", *self._options],
            cwd=PROJECT,
            env=self.environment(),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def start_command(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one of the project's commands beside the stack; it writes to the same log."""
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment(),
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the project's commands against the stack, as from another terminal."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def health(self) -> tuple[int, dict[str, Any]]:
        """Return the status and the answer of ``/health``; 0 where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["HTTP_PORT"], timeout=5)
        try:
            connection.request("GET", "/health")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}
        finally:
            connection.close()

    def is_healthy(self) -> bool:
        """Return whether ``/health`` answers 200."""
        return self.health()[0] == http.HTTPStatus.OK

    def wait_until_healthy(self, *, seconds: float = START_SECONDS) -> None:
        """Return when the stack is healthy; fail with its log when it does not become so."""
        assert eventually(self.is_healthy, seconds=seconds), self.log()

    def process(self, name: str) -> int | None:
        """Return the process id of web, listener, worker or postgres: the supervisor's child."""
        children = Path(f"/proc/{self.supervisor.pid}/task/{self.supervisor.pid}/children")
        for pid in children.read_text().split():
            if _COMMANDS[name] in _command_line(int(pid)):
                return int(pid)
        return None

    def kill(self, name: str) -> int:
        """Kill -9 a part and return its process id."""
        pid = self.process(name)
        assert pid is not None, f"{name} does not run\n{self.log()}"
        os.kill(pid, signal.SIGKILL)
        return pid

    def survivors(self) -> list[str]:
        """Return the command lines of all processes of the stack that live, PostgreSQL's too."""
        found = marked_processes(self.data_dir)
        server = EmbeddedPostgres(self.data_dir).state().pid
        return [_command_line(pid) for pid in (*found, *([server] if server else []))]

    def log(self) -> str:
        """Return what the supervisor and all parts wrote."""
        return (self.data_dir / "up.log").read_text(encoding="utf-8", errors="replace")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the supervisor a signal and return its status."""
        self.supervisor.send_signal(number)
        return self.supervisor.wait(60)

    def destroy(self) -> None:
        """End everything and delete the cluster."""
        if self.supervisor.poll() is None:
            self.supervisor.send_signal(signal.SIGTERM)
            self.supervisor.wait(60)
        self._log.close()
        EmbeddedPostgres(self.data_dir).destroy()


@contextmanager
def running_stack(
    *options: str, settings: Mapping[str, str] | None = None
) -> Iterator[RunningStack]:
    """Run a stack for the block, healthy from its start; ``--demo`` adds data and simulators."""
    data_dir = Path(tempfile.mkdtemp(prefix="radassign-test-"))
    data_dir.chmod(0o711)  # the server, demoted where we are root, passes through
    stack = RunningStack(data_dir, *options, settings=settings)
    try:
        stack.wait_until_healthy()
        yield stack
    finally:
        stack.destroy()
        shutil.rmtree(data_dir, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now, all different."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except FileNotFoundError:
        return ""
