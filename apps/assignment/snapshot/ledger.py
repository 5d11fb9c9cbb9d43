"""The process's copy of the last hours of the workload ledger.

The table is append-only and written under the assignment lock, so its ids grow in commit order:
reading what came after the last id seen keeps the copy exact without counting rows again.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.assignment.choices import LedgerKind
from apps.core import bulk

HOUR = timedelta(minutes=60)
TURNAROUND_WINDOW = timedelta(hours=4)
_BEGINNING = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LINES = (
    "SELECT id, radiologist_id, kind, at, rvu, turnaround_seconds FROM assignment_ledgerentry "
    "WHERE id > %s AND at > %s ORDER BY id"
)
_MINUTE = Decimal(60)
_HUNDREDTH = Decimal("0.01")


@dataclass(slots=True)
class Window:
    """Lines of one radiologist within a sliding span, with their running sums."""

    span: timedelta
    lines: deque[tuple[datetime, Decimal]] = field(default_factory=deque)
    total: Decimal = Decimal(0)

    def add(self, at: datetime, amount: Decimal) -> None:
        """Append a line; lines come in time order."""
        self.lines.append((at, amount))
        self.total += amount

    def prune(self, at: datetime) -> None:
        """Forget the lines that lie a whole span or more before ``at``."""
        limit = at - self.span
        while self.lines and self.lines[0][0] <= limit:
            self.total -= self.lines.popleft()[1]


class LedgerCopy:
    """Assignments of the last hour and completions of the last four, by radiologist."""

    def __init__(self) -> None:
        """Begin empty; the first errand reads the last four hours."""
        self._last_id = 0
        self._assigned: dict[str, Window] = defaultdict(lambda: Window(HOUR))
        self._completed: dict[str, Window] = defaultdict(lambda: Window(TURNAROUND_WINDOW))

    def errand(self, at: datetime) -> bulk.Errand:
        """Return the query for the lines that came since the last, under the assignment lock."""
        since = at - TURNAROUND_WINDOW if self._last_id == 0 else _BEGINNING
        return (_LINES, [self._last_id, since]), self._take

    def _take(self, rows: list[tuple[Any, ...]]) -> None:
        for row in rows:
            self._add(*row)

    def _add(
        self,
        line_id: int,
        radiologist: str,
        kind: str,
        at: datetime,
        rvu: Decimal,
        turnaround_seconds: int | None,
    ) -> None:
        self._last_id = line_id
        if kind == LedgerKind.ASSIGNED:
            self._assigned[radiologist].add(at, rvu)
        else:
            self._completed[radiologist].add(at, Decimal(turnaround_seconds or 0))

    def hour_of(self, radiologist: str, at: datetime) -> tuple[int, Decimal]:
        """Return the number and RVU of assignments in the 60 minutes that end at ``at``."""
        if radiologist not in self._assigned:
            return 0, Decimal(0)
        window = self._assigned[radiologist]
        window.prune(at)
        return len(window.lines), window.total

    def mean_turnaround_minutes(self, radiologist: str, at: datetime) -> Decimal | None:
        """Return the mean of the last four hours' completions, None without any."""
        if radiologist not in self._completed:
            return None
        window = self._completed[radiologist]
        window.prune(at)
        if not window.lines:
            return None
        return (window.total / len(window.lines) / _MINUTE).quantize(_HUNDREDTH)

    def next_hourly_release(self, at: datetime) -> datetime | None:
        """Return when the oldest assignment of anybody's last hour leaves it."""
        for window in self._assigned.values():
            window.prune(at)
        oldest = [window.lines[0][0] for window in self._assigned.values() if window.lines]
        return min(oldest) + HOUR if oldest else None


_copy: LedgerCopy | None = None


def ledger() -> LedgerCopy:
    """Return the process's copy."""
    global _copy  # noqa: PLW0603 -- one copy per process
    if _copy is None:
        _copy = LedgerCopy()
    return _copy


def forget() -> None:
    """Drop the process's copy, as after a test or a change of database."""
    global _copy  # noqa: PLW0603 -- see ledger
    _copy = None
