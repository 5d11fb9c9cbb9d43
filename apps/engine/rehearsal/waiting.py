"""The orders that wait without a reader, by kind, so that trying them again is cheap.

Orders that look alike to shifts and filters fail alike: of each kind only the first is asked, and
the next one only once that had a reader. A seat that comes free is worth asking only for the kinds
that fell out for want of just that seat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Any

from apps.engine.rehearsal.deciders import Verdict
from apps.engine.rehearsal.facts import Study

Key = tuple[Any, ...]
_NOBODY: frozenset[str] = frozenset()
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Kind:
    """Studies that look alike, the oldest first, and what the last try said of them.

    ``tried`` is which of them was tried, ``tried_at`` when, and ``is_by_rules`` whether only
    rules, rosters and loads had a say.
    """

    rank: int
    studies: list[tuple[datetime, int, Study]] = field(default_factory=list)
    full: frozenset[str] = _NOBODY
    sharing: frozenset[str] = _NOBODY
    tried: Study | None = None
    tried_at: datetime = _NEVER
    is_by_rules: bool = False

    def first(self) -> Study | None:
        """Return the oldest that still waits."""
        while self.studies:
            study = self.studies[0][-1]
            if study.kind is self and not study.reader and not study.is_over:
                return study
            heappop(self.studies)
        return None


class Waiting:
    """What waits, by kind."""

    def __init__(self) -> None:
        self._kinds: dict[Key, Kind] = {}
        self._shared: dict[Key, Kind] = {}

    def put(self, study: Study, verdict: Verdict, at: datetime) -> Kind:
        """Have a study wait, with what a try said of it."""
        key = key_of(study)
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = Kind(study.urgency.rank)
        if study.kind is not kind:
            study.kind = kind
            heappush(kind.studies, (study.case.ready_at, study.number, study))
        kind.full, kind.sharing = verdict.full, verdict.sharing
        kind.tried, kind.tried_at, kind.is_by_rules = study, at, verdict.is_by_rules
        if kind.sharing:
            self._shared[key] = kind
        else:
            self._shared.pop(key, None)
        return kind

    def kinds(self, *, helped_by: str = "") -> Iterator[Kind]:
        """Yield the kinds that wait, the urgent and the oldest first.

        Args:
            helped_by: only those that fell out for want of a seat of this reader's.
        """
        found = [
            (kind.rank, first.case.ready_at, first.number, kind)
            for key, kind in list(self._kinds.items())
            if (not helped_by or helped_by in kind.full)
            and (first := self._first(key, kind)) is not None
        ]
        for *_, kind in sorted(found, key=lambda row: row[:3]):
            yield kind

    def shared_with(self, reader: str) -> Study | None:
        """Return the most urgent, then oldest, that waits on a list that the reader shares."""
        found = [
            (kind.rank, first.case.ready_at, first.number, first)
            for key, kind in list(self._shared.items())
            if reader in kind.sharing and (first := self._first(key, kind)) is not None
        ]
        return min(found, key=lambda row: row[:3])[-1] if found else None

    def __bool__(self) -> bool:
        """Return whether anything may wait."""
        return bool(self._kinds)

    def _first(self, key: Key, kind: Kind) -> Study | None:
        study = kind.first()
        if study is None:
            self._kinds.pop(key, None)
            self._shared.pop(key, None)
        return study


def key_of(study: Study) -> Key:
    """Return what orders have in common that are of one kind."""
    order = study.order
    return (
        order.site,
        order.modality,
        order.body_part,
        order.subspecialty,
        study.urgency,
        order.procedure,
        order.patient_class,
        order.sender,
        order.passed_over,
        study.is_breached,
    )
