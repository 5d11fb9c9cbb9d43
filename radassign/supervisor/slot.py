"""One service over time: running, dead and waiting, starting again."""

from __future__ import annotations

import subprocess
import time

from radassign.supervisor.backoff import Backoff
from radassign.supervisor.output import Output
from radassign.supervisor.service import Service


class Slot:
    """Keeps one service alive; ``tick`` is called ten times a second."""

    def __init__(self, service: Service, output: Output) -> None:
        self.service = service
        self.process: subprocess.Popen[bytes] | None = None
        self.restarts = 0
        self._output = output
        self._backoff = Backoff()
        self._started_at = 0.0
        self._due_at = 0.0

    @property
    def is_running(self) -> bool:
        """Return whether its process lives."""
        return self.process is not None and self.process.poll() is None

    def tick(self) -> None:
        """Notice a death, and start what is due."""
        if self.process is not None and not self.is_running:
            self._bury(self.process)
        if self.process is None and time.monotonic() >= self._due_at:
            self._start()

    def ask_to_stop(self) -> None:
        """Send the service's stop signal to a process that lives."""
        if self.process is not None and self.is_running:
            self.process.send_signal(self.service.stop_signal)

    def end(self) -> None:
        """Kill what still lives, grandchildren too, and collect the status."""
        if self.process is None:
            return
        if self.is_running:
            self.process.kill()
        self.service.sweep(self.process)
        self.process.wait()
        self.process = None

    def _start(self) -> None:
        waited = time.monotonic() - self._due_at if self._due_at else 0.0
        try:
            process = self.service.start(waited_seconds=waited)
        except OSError as error:
            self._wait_again(f"cannot be started ({error})", lived_seconds=0)
            return
        if process is None:
            self._due_at = self._due_at or time.monotonic()
            return
        self.process, self._started_at = process, time.monotonic()
        if process.stdout is not None:
            self._output.follow(self.service.name, process.stdout)
        if self.restarts:
            self._output.say(f"{self.service.name} started again")

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        self.service.sweep(process)
        self.process = None
        self.restarts += 1
        lived = time.monotonic() - self._started_at
        self._wait_again(_how_it_ended(process.returncode), lived_seconds=lived)

    def _wait_again(self, what: str, *, lived_seconds: float) -> None:
        wait = self._backoff.after_death(lived_seconds=lived_seconds)
        self._due_at = time.monotonic() + wait
        self._output.say(f"{self.service.name} {what}; starts again in {wait:g} s")


def _how_it_ended(status: int) -> str:
    return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
