"""How long studies take to be read, and how quick each reader is, from what was read before.

A study is taken to be begun when it was opened, or when its reader had finished the one before, or
when they were given it: whatever is known and latest. A gap is not reading, so the longest counted
is an hour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from apps.assignment.models import Assignment

_SHORTEST, _LONGEST = 15, 3600
_UNKNOWN = 600.0
_FEW = 5
_SLOWEST = 4.0


class Finished(NamedTuple):
    """An assignment whose study was read."""

    order: int
    reader: str
    procedure: str
    modality: str
    assigned_at: datetime
    opened_at: datetime | None
    completed_at: datetime


@dataclass(slots=True)
class _Mean:
    total: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        self.total += value
        self.count += 1

    @property
    def value(self) -> float | None:
        return self.total / self.count if self.count else None


@dataclass(slots=True)
class Paces:
    """Seconds by order, means by procedure and modality, and readers' speeds; 2 is half as quick."""

    seconds: dict[int, int] = field(default_factory=dict)
    readers: dict[int, str] = field(default_factory=dict)
    speeds: dict[str, float] = field(default_factory=dict)
    means: dict[tuple[str, str], float] = field(default_factory=dict)

    def common(self, order: int, procedure: str, modality: str) -> float:
        """Return what a reader of common speed needs for an order."""
        known = self.seconds.get(order)
        if known is not None:
            return known / self.speeds.get(self.readers[order], 1.0)
        return self.mean(procedure, modality)

    def mean(self, procedure: str, modality: str) -> float:
        """Return the mean of a procedure; where it is new that of the modality, or of all."""
        for key in ((procedure, modality), ("", modality), ("", "")):
            found = self.means.get(key)
            if found is not None:
                return found
        return _UNKNOWN


def paces_of(since: datetime, until: datetime) -> Paces:
    """Return the paces of what was read in a time."""
    columns = (
        *("order_id", "radiologist_id", "order__procedure_code", "order__modality"),
        *("assigned_at", "opened_at", "completed_at"),
    )
    rows = Assignment.objects.filter(completed_at__gte=since, completed_at__lt=until)
    ordered = rows.order_by("completed_at", "pk").values_list(*columns)
    return paces(Finished(*row) for row in ordered.iterator(chunk_size=5000))


def paces(finished: Iterable[Finished]) -> Paces:
    """Return the paces, from what was read, in order."""
    found = Paces()
    means: dict[tuple[str, str], _Mean] = defaultdict(_Mean)
    theirs: dict[str, dict[tuple[str, str], _Mean]] = defaultdict(lambda: defaultdict(_Mean))
    before: dict[str, datetime] = {}
    for row in finished:
        seconds = _seconds(row, before.get(row.reader))
        before[row.reader] = row.completed_at
        found.seconds[row.order], found.readers[row.order] = seconds, row.reader
        kind = (row.procedure, row.modality)
        for key in {kind, ("", row.modality), ("", "")}:
            means[key].add(seconds)
        theirs[row.reader][kind].add(seconds)
    found.means = {key: mean.value for key, mean in means.items() if mean.value}
    found.speeds = {reader: _speed(kinds, found) for reader, kinds in theirs.items()}
    return found


def _seconds(row: Finished, before: datetime | None) -> int:
    known = [at for at in (row.assigned_at, row.opened_at, before) if at is not None]
    begun_at = max((at for at in known if at <= row.completed_at), default=row.completed_at)
    return min(max(int((row.completed_at - begun_at).total_seconds()), _SHORTEST), _LONGEST)


def _speed(kinds: Mapping[tuple[str, str], _Mean], found: Paces) -> float:
    """Return how long a reader takes against everybody, for the same procedures."""
    taken = sum(mean.total for mean in kinds.values())
    usual = sum(found.mean(*kind) * mean.count for kind, mean in kinds.items())
    if sum(mean.count for mean in kinds.values()) < _FEW or not usual:
        return 1.0
    return min(max(taken / usual, 1 / _SLOWEST), _SLOWEST)
