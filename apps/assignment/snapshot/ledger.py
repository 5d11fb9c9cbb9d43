"""The process's copy of the last hours of the workload ledger, and of the turns on shifts.

The table is append-only and written under the assignment lock, so its ids grow in commit order:
reading what came after the last id seen keeps the copy exact without counting rows again.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from typing_extensions import override

from apps.assignment.choices import LedgerKind
from apps.assignment.snapshot.given import NOTHING, Given, sums_errand
from apps.core import bulk
from apps.engine.duty import LONGEST

Turns = Callable[[], Mapping[str, datetime]]
"""Says since when each reader is on duty, by id."""

HOUR = timedelta(minutes=60)
TURNAROUND_WINDOW = timedelta(hours=4)
_BEGINNING = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LINES = (
    "SELECT id, radiologist_id, kind, at, rvu, units, given_at, turnaround_seconds, shift_code "
    "FROM assignment_ledgerentry WHERE id > %s AND at > %s ORDER BY id"
)
_ALL_TURNS = "SELECT radiologist_id, shift_code, last_assigned_at FROM assignment_shiftturn"
_TURNS = f"{_ALL_TURNS} WHERE shift_code = ANY(%s::text[])"
_NO_TURNS: Mapping[str, datetime] = {}
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
    """Assignments of the last hour, completions of the last four, what was given; by radiologist."""

    def __init__(self) -> None:
        """Begin empty; the first errand reads the last day."""
        self._last_id = 0
        self._given: dict[str, Given] = defaultdict(Given)
        self._assigned: dict[str, Window] = defaultdict(lambda: Window(HOUR))
        self._completed: dict[str, Window] = defaultdict(lambda: Window(TURNAROUND_WINDOW))
        self._turns: dict[str, dict[str, datetime]] = {}
        self._has_turns = False

    def turn_errands(
        self,
        shifts: Iterable[str],  # noqa: ARG002 -- a copy for one moment asks of these alone
    ) -> list[bulk.Errand]:
        """Return the query for who had which shift's last turn; the lines tell of those since.

        Args:
            shifts: the codes of those whose turns may be asked.
        """
        return [] if self._has_turns else [((_ALL_TURNS, []), self._take_turns)]

    def turns_of(self, radiologist: str) -> Mapping[str, datetime]:
        """Return when the reader was last given an order on each shift, by its code."""
        return self._turns.get(radiologist, _NO_TURNS)

    def errands(
        self,
        at: datetime,
        turns: Turns,  # noqa: ARG002 -- a copy for one moment asks it
    ) -> list[bulk.Errand]:
        """Return the queries for what came since the last, under the assignment lock.

        Args:
            at: the moment.
            turns: says since when each reader is on duty.
        """
        return [self._new_lines(at, LONGEST)]

    def other_errands(self, turns: Turns) -> list[bulk.Errand]:  # noqa: ARG002 -- as above
        """Return what to ask again where the turns of duty are others than was thought."""
        return []

    def given_since(self, radiologist: str, since: datetime) -> Decimal:
        """Return the units given from a moment on and not taken away."""
        given = self._given.get(radiologist)
        return given.sum_since(since) if given is not None else NOTHING

    def _new_lines(self, at: datetime, window: timedelta) -> bulk.Errand:
        since = at - window if self._last_id == 0 else _BEGINNING
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
        units: Decimal,
        given_at: datetime | None,
        turnaround_seconds: int | None,
        shift: str,
    ) -> None:
        self._last_id = line_id
        if kind == LedgerKind.ASSIGNED:
            if shift:
                self._turns.setdefault(radiologist, {})[shift] = at
            self._assigned[radiologist].add(at, rvu)
            self._given[radiologist].add(at, units)
        elif kind == LedgerKind.RETURNED:
            self._given[radiologist].add(given_at or at, -units)
        else:
            self._completed[radiologist].add(at, Decimal(turnaround_seconds or 0))

    def _take_turns(self, rows: list[tuple[Any, ...]]) -> None:
        self._has_turns = True
        self._turns = {}
        for radiologist, shift, at in rows:
            self._turns.setdefault(radiologist, {})[shift] = at

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


class PassingLedger(LedgerCopy):
    """A copy for one moment alone: of what was given it asks the sums, not the lines of a day."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self._sums: dict[str, Decimal] = {}

    @override
    def errands(self, at: datetime, turns: Turns) -> list[bulk.Errand]:
        """Return the queries of the moment, under the assignment lock or as things stand."""
        return [self._new_lines(at, TURNAROUND_WINDOW), *self.other_errands(turns)]

    @override
    def turn_errands(self, shifts: Iterable[str]) -> list[bulk.Errand]:
        """Return the query for the turns on these shifts; nothing where none goes round."""
        codes = sorted(set(shifts))
        return [((_TURNS, [codes]), self._take_turns)] if codes else []

    @override
    def other_errands(self, turns: Turns) -> list[bulk.Errand]:
        """Return the query for the sums."""
        self._sums.clear()
        return sums_errand(turns(), self._sums)

    @override
    def given_since(self, radiologist: str, since: datetime) -> Decimal:
        """Return the units given since the start of the reader's turn."""
        return self._sums.get(radiologist, NOTHING)


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
