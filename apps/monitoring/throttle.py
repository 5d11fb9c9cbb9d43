"""Bounds how often something may be asked of one process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Throttle:
    """A bucket of permits that fills at a steady rate; whoever finds it empty comes later."""

    def __init__(
        self, *, burst: int, per_second: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with a full bucket.

        Args:
            burst: how many permits it holds.
            per_second: how many come back.
            clock: seconds that never go back.
        """
        self._burst, self._per_second, self._clock = burst, per_second, clock
        self._lock = threading.Lock()
        self._permits, self._at = float(burst), clock()

    def take(self) -> bool:
        """Take a permit; return whether there was one."""
        with self._lock:
            now = self._clock()
            earned = (now - self._at) * self._per_second
            self._permits, self._at = min(self._burst, self._permits + earned), now
            if self._permits < 1:
                return False
            self._permits -= 1
            return True
