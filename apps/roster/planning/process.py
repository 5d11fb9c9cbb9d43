"""The solver in a process of its own: started, listened to, and ended when it is not wanted.

What HiGHS takes of memory and time is its own; whoever listens is free to look elsewhere each
half second, and a process killed at any moment leaves the best solution that it had told of.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from radassign.linux import die_with_parent_hook

_ROOT = Path(__file__).resolve().parents[3]
_MODULE = "apps.roster.planning.solve"
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """What the solver said: ``progress``, ``found`` or ``outcome``, or ``nothing`` for a while."""

    kind: str
    values: Mapping[str, Any]

    @property
    def taken(self) -> Mapping[int, int] | None:
        """Return the columns of a solution that are not zero, None where there is no solution."""
        taken = self.values.get("taken")
        return None if taken is None else {int(place): one for place, one in taken.items()}


class SolverProcess:
    """A running solver; leaving the block ends it, however far it is."""

    def __init__(self, asked: str) -> None:
        """Start it on a line of ``solve.written``."""
        self._process = subprocess.Popen(  # noqa: S603 -- our own command
            [sys.executable, "-m", _MODULE],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            preexec_fn=die_with_parent_hook(signal.SIGKILL),  # noqa: PLW1509 -- no threads yet
        )
        # Half a megabyte does not fit a pipe: somebody has to wait until it is read.
        self._writer = threading.Thread(target=self._ask, args=(asked.encode() + b"\n",))
        self._writer.start()
        self._rest = b""

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def answers(self, *, until: float) -> Iterator[Answer]:
        """Yield what it says, and ``nothing`` each half second that it says nothing.

        Ends when it does, or at a moment of ``time.monotonic``.
        """
        stdout = self._process.stdout
        while stdout is not None and time.monotonic() < until:
            if not select.select([stdout], [], [], _LOOK_SECONDS)[0]:
                yield Answer("nothing", {})
                continue
            read = os.read(stdout.fileno(), 1 << 16)
            if not read:
                return
            *lines, self._rest = (self._rest + read).split(b"\n")
            for line in lines:
                said = json.loads(line)
                yield Answer(said.pop("kind"), said)

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._writer.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _ask(self, line: bytes) -> None:
        stdin = self._process.stdin
        if stdin is None:
            return
        try:
            stdin.write(line)
            stdin.close()
        except BrokenPipeError:
            pass  # it was ended before it had read all
