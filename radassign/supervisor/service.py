"""What the supervisor can start: something with a name, a start, and a way to be stopped."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from radassign.linux import die_with_parent_hook


class Service(Protocol):
    """A process that is to live as long as the supervisor.

    ``stop_phase`` orders the end: a phase begins when all of the one before have ended.
    """

    @property
    def name(self) -> str:
        """Return what its lines are prefixed with."""

    @property
    def stop_phase(self) -> int:
        """Return when it ends; lower ends earlier."""

    @property
    def stop_signal(self) -> signal.Signals:
        """Return the signal that asks it to end."""

    def start(self, *, waited_seconds: float) -> subprocess.Popen[bytes] | None:
        """Start it, or return None while it cannot start yet; never blocks for long.

        Args:
            waited_seconds: how long it has been wanting to start.
        """

    def sweep(self, process: subprocess.Popen[bytes]) -> None:
        """End what a process that died left behind."""


@dataclass(frozen=True)
class CommandService:
    """A command in a process group of its own, tied to the supervisor's life.

    The group keeps a terminal's Ctrl-C away, so that we decide the order of the end, and lets
    us end grandchildren whose parent was killed.
    """

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    stop_phase: int = 0
    stop_signal: signal.Signals = signal.SIGTERM

    def start(self, *, waited_seconds: float) -> subprocess.Popen[bytes] | None:  # noqa: ARG002
        """Start the command; its output comes by a pipe."""
        return subprocess.Popen(  # noqa: S603 -- our own commands; we have one thread
            [str(part) for part in self.command],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent_hook(signal.SIGTERM),  # noqa: PLW1509 -- one thread only
        )

    def sweep(self, process: subprocess.Popen[bytes]) -> None:
        """Kill what is left of the group: it would hold the ports of the next start."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
