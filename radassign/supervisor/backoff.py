"""How long to wait before a process that died is started again."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 15.0
# Whoever lived that long died of something new.
STEADY_SECONDS = 10.0


@dataclass
class Backoff:
    """The waiting times of one service: half a second at first, doubled while it dies quickly."""

    _next_seconds: float = FIRST_SECONDS

    def after_death(self, *, lived_seconds: float) -> float:
        """Return the seconds to wait now, given how long the process lived."""
        if lived_seconds >= STEADY_SECONDS:
            self._next_seconds = FIRST_SECONDS
        wait = self._next_seconds
        self._next_seconds = min(wait * 2, LONGEST_SECONDS)
        return wait
