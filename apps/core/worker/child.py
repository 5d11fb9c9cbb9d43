"""One cluster as a child process: started, ended, killed with all of its own, started again.

A small state machine that never waits, so that one cluster's long ending does not keep the
watchdog from the other.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
from collections.abc import Callable

from radassign.linux import die_with_parent_hook

log = logging.getLogger(__name__)

GRACE_SECONDS = 12.0
STUCK_GRACE_SECONDS = 1.0
_SHORT_LIFE_SECONDS = 10.0
_FIRST_WAIT_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 10.0

Launch = tuple[list[str], dict[str, str]]
Clock = Callable[[], float]


class ClusterProcess:
    """A cluster's process group, as the watchdog sees it.

    ``started_at`` and all deadlines are seconds of the given clock.
    """

    def __init__(self, name: str, command: Launch, clock: Clock) -> None:
        """Prepare; ``tend`` starts it.

        Args:
            name: the cluster, for the log.
            command: arguments and environment.
            clock: seconds that only grow.
        """
        self.name = name
        self.started_at = 0.0
        self._command = command
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd = -1
        self._start_at = 0.0
        self._kill_at: float | None = None
        self._short_lives = 0

    @property
    def pid(self) -> int | None:
        """The process, None while there is none."""
        return None if self._process is None else self._process.pid

    @property
    def is_ending(self) -> bool:
        """Whether it was asked to end and has not yet."""
        return self._kill_at is not None

    def fileno(self) -> int:
        """Return a handle that becomes readable when the process ends; -1 while there is none."""
        return self._pidfd

    def tend(self) -> bool:
        """Notice its end, kill what does not end, start it again; return whether it started."""
        now = self._clock()
        if self._process is not None:
            self._tend_running(self._process, now)
        if self._process is not None or now < self._start_at:
            return False
        self._start(now)
        return True

    def wait_seconds(self) -> float | None:
        """Return in how many seconds ``tend`` has something to do, None where only its end is."""
        at = self._start_at if self._process is None else self._kill_at
        return None if at is None else max(0.0, at - self._clock())

    def end(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Ask it to end, by force after a grace; ``tend`` then starts it anew."""
        if self._process is None or self.is_ending:
            return
        self._kill_at = self._clock() + grace_seconds
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def has_ended(self) -> bool:
        """Return whether it is gone, killing its group where the grace is over."""
        if self._process is not None:
            self._tend_running(self._process, self._clock())
        return self._process is None

    def _tend_running(self, process: subprocess.Popen[bytes], now: float) -> None:
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_group(process)
            process.wait()
        if process.poll() is not None:
            self._forget(process, now)

    def _start(self, now: float) -> None:
        arguments, environment = self._command
        self._process = subprocess.Popen(  # noqa: S603 -- our own command
            arguments,
            env=environment,
            start_new_session=True,  # a group of its own, to be killed whole
            preexec_fn=die_with_parent_hook(signal.SIGKILL),  # noqa: PLW1509 -- no threads here
        )
        self._pidfd = os.pidfd_open(self._process.pid)
        self.started_at, self._kill_at = now, None
        log.info("cluster %s started, process %s", self.name, self._process.pid)

    def _forget(self, process: subprocess.Popen[bytes], now: float) -> None:
        """Take note of its end and set when to start again: at once, unless it keeps dying."""
        self._kill_group(process)  # what it left behind
        os.close(self._pidfd)
        self._process, self._pidfd = None, -1
        lived = now - self.started_at
        self._short_lives = self._short_lives + 1 if lived < _SHORT_LIFE_SECONDS else 0
        wait = (
            _FIRST_WAIT_SECONDS * 2 ** min(self._short_lives - 1, 10) if self._short_lives else 0
        )
        self._start_at = now + min(wait, _LONGEST_WAIT_SECONDS)
        level = logging.INFO if self.is_ending else logging.ERROR
        log.log(level, "cluster %s ended with %s", self.name, process.returncode)
        self._kill_at = None

    @staticmethod
    def _kill_group(process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
