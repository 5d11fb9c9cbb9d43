"""A stop flag that a signal handler may set and a loop may wait for beside other handles."""

from __future__ import annotations

import os


class StopSignal:
    """A flag made of a pipe: no lock that a signal could find taken."""

    def __init__(self) -> None:
        """Start unset."""
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._is_set = False

    def set(self) -> None:
        """Set the flag; safe in a signal handler, where a lock would not be."""
        self._is_set = True
        os.write(self._writer, b"x")

    def is_set(self) -> bool:
        """Return whether it was set."""
        return self._is_set

    def fileno(self) -> int:
        """Return the handle that becomes readable, and stays so, once the flag is set."""
        return self._reader
