"""Log lines that a stranger can cause at will: one now and then, and how many there were."""

from __future__ import annotations

import logging
import time
from collections import Counter

_SECONDS = 10.0


class SparingLog:
    """Writes at most one line of a kind in so many seconds."""

    def __init__(self, log: logging.Logger, *, seconds: float = _SECONDS) -> None:
        self._log = log
        self._seconds = seconds
        self._next: dict[str, float] = {}
        self._unsaid: Counter[str] = Counter()

    def warning(self, kind: str, text: str, *arguments: object) -> None:
        """Write the line, or count it for the next one of its kind."""
        now = time.monotonic()
        if now < self._next.get(kind, 0.0):
            self._unsaid[kind] += 1
            return
        self._next[kind] = now + self._seconds
        unsaid = self._unsaid.pop(kind, 0)
        more = f" ({unsaid} more like it before)" if unsaid else ""
        self._log.warning("%s%s", text % arguments, more)
