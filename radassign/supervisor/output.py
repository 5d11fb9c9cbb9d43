"""The lines of all processes on one terminal, each with the name of who wrote it."""

from __future__ import annotations

import os
import selectors
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_COLOURS = {"postgres": 34, "web": 36, "listener": 32, "worker": 33, "radassign": 1}
_OTHER_COLOUR = 35
_READ_BYTES = 65536
# A line without an end is cut here rather than kept growing.
_LINE_BYTES = 65536
_NAME_WIDTH = 13


class Output:
    """Reads the pipes of the processes and writes whole lines with a prefix.

    Args:
        stream: where to write; colours are used where it is a terminal and NO_COLOR is unset.
    """

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stdout
        self._is_coloured = self._stream.isatty() and not os.environ.get("NO_COLOR")
        self._selector = selectors.DefaultSelector()
        self._unfinished: dict[int, bytes] = {}

    def follow(self, name: str, pipe: IO[bytes]) -> None:
        """Write what comes out of the pipe until all its writers are gone."""
        os.set_blocking(pipe.fileno(), False)
        self._unfinished[pipe.fileno()] = b""
        self._selector.register(pipe, selectors.EVENT_READ, name)

    def pump(self, *, wait_seconds: float) -> None:
        """Write what is there, waiting at most so long for something to come."""
        for key, _events in self._selector.select(wait_seconds):
            pipe: IO[bytes] = key.fileobj  # type: ignore[assignment] # what follow() registered
            self._read(key.data, pipe)

    def drain(self) -> None:
        """Write what is left and forget the pipes."""
        for key in list(self._selector.get_map().values()):
            pipe: IO[bytes] = key.fileobj  # type: ignore[assignment] # what follow() registered
            if self._read(key.data, pipe):
                self._close(key.data, pipe)

    def say(self, text: str, *, name: str = "radassign") -> None:
        """Write lines of our own."""
        for line in text.splitlines():
            self._write(name, line)
        self._flush()

    def _read(self, name: str, pipe: IO[bytes]) -> bool:
        """Write the complete lines that are there; return whether the pipe is still open."""
        try:
            data = os.read(pipe.fileno(), _READ_BYTES)
        except BlockingIOError:
            return True
        if not data:
            self._close(name, pipe)
            return False
        *lines, rest = (self._unfinished[pipe.fileno()] + data).split(b"\n")
        if len(rest) > _LINE_BYTES:
            lines, rest = [*lines, rest], b""
        self._unfinished[pipe.fileno()] = rest
        for line in lines:
            self._write(name, line.decode("utf-8", "replace"))
        self._flush()
        return True

    def _close(self, name: str, pipe: IO[bytes]) -> None:
        rest = self._unfinished.pop(pipe.fileno())
        if rest:
            self._write(name, rest.decode("utf-8", "replace"))
        self._selector.unregister(pipe)
        pipe.close()

    def _write(self, name: str, line: str) -> None:
        prefix = f"{name:<{_NAME_WIDTH}}|"
        if self._is_coloured:
            prefix = f"\x1b[{_COLOURS.get(name, _OTHER_COLOUR)}m{prefix}\x1b[0m"
        with self._despite_a_lost_reader():
            self._stream.write(f"{prefix} {line.rstrip()}\n")

    def _flush(self) -> None:
        with self._despite_a_lost_reader():
            self._stream.flush()

    @contextmanager
    def _despite_a_lost_reader(self) -> Iterator[None]:
        """Write to nowhere once nobody reads: a closed terminal must not upset the end in order."""
        try:
            yield
        except OSError:
            with Path(os.devnull).open("w") as nowhere:
                os.dup2(nowhere.fileno(), self._stream.fileno())
