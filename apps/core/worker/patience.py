"""When waiting work is nudged for again, and when its cluster is taken for stuck.

Pure: what was seen goes in with its moment, and out comes what to do. A backlog is not a stall: as
long as the oldest item changes or something gets done, the cluster is at work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

NUDGE_AFTER_SECONDS = 2.0
RESTART_AFTER_SECONDS = 15.0
_LONGEST_PATIENCE_SECONDS = 240.0


class Verdict(Enum):
    """What to do about a cluster."""

    FINE = "fine"
    NUDGE = "nudge"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look found.

    ``waiting_since`` is None where nothing waits; ``done`` counts by process of the cluster.
    """

    waiting_since: datetime | None
    done: Mapping[str, int] = field(default_factory=dict)


class Patience:
    """Judges one cluster, look by look."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._before = Seen(None)
        self._unchanged_since = 0.0
        self._nudged_at = float("-inf")
        self._restart_after = RESTART_AFTER_SECONDS

    def judge(self, seen: Seen, at: float, waited_seconds: float = 0.0) -> Verdict:
        """Return what to do.

        Args:
            seen: what this look found.
            at: its moment in seconds that only grow.
            waited_seconds: how long the oldest item waits by its own account; a cluster is
                nudged for it, but taken for stuck only by what was seen happening, because
                clocks can be set.
        """
        moved = seen != self._before
        if moved or seen.waiting_since is None:
            self._unchanged_since = at
            self._before = seen
        if seen.waiting_since is None:
            self._restart_after = RESTART_AFTER_SECONDS
            return Verdict.FINE
        unchanged = at - self._unchanged_since
        if unchanged >= self._restart_after:
            # Where a new start does not help, the next comes later.
            self._restart_after = min(self._restart_after * 2, _LONGEST_PATIENCE_SECONDS)
            self.forgive(at)
            return Verdict.RESTART
        return self._nudge_or_not(max(unchanged, waited_seconds), at)

    def forgive(self, at: float) -> None:
        """Begin to count anew: the cluster was started again."""
        self._unchanged_since = at

    def _nudge_or_not(self, waited: float, at: float) -> Verdict:
        if waited < NUDGE_AFTER_SECONDS or at - self._nudged_at < NUDGE_AFTER_SECONDS:
            return Verdict.FINE
        self._nudged_at = at
        return Verdict.NUDGE
