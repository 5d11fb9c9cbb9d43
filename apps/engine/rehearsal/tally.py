"""What a rehearsal came to: per reader, per kind of work, per urgency."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from math import sqrt
from typing import Any

from apps.engine.codes import Urgency
from apps.engine.rehearsal.facts import Study
from apps.engine.rehearsal.hands import Hands
from apps.engine.vocabulary import specialty_for

_HOUR = timedelta(hours=1)
_NO_TIME = timedelta(0)
_ZERO = Decimal(0)
_SHARES = (50, 90, 99)


@dataclass(slots=True)
class _Share:
    """What one reader was given and read."""

    studies: int = 0
    rvu: Decimal = _ZERO
    units: Decimal = _ZERO
    breached: int = 0

    def told(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "studies": self.studies,
            "rvu": float(self.rvu),
            "units": float(self.units),
            "breached": self.breached,
        }


@dataclass(slots=True)
class _Part:
    """What became of the orders of one kind; ``minutes`` are the turnarounds in seconds."""

    studies: int = 0
    rvu: Decimal = _ZERO
    breached: int = 0
    unassigned: int = 0
    read: int = 0
    seconds: array[int] = field(default_factory=lambda: array("Q"))

    def add(self, study: Study, seconds: int | None) -> None:
        """Count a study; the seconds are its turnaround, None where it was not read."""
        self.studies += 1
        self.rvu += study.case.order.rvu
        self.breached += study.is_breached
        self.unassigned += not study.first_at
        if seconds is not None:
            self.read += 1
            self.seconds.append(seconds)

    def told(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "studies": self.studies,
            "rvu": float(self.rvu),
            "breached": self.breached,
            "unassigned": self.unassigned,
            "read": self.read,
            "turnaround": shares_of(self.seconds),
        }


class Tally:
    """Counts studies as they are handed over; use ``add`` as a rehearsal's sink.

    Those that were there before the rehearsal began are left out.
    """

    def __init__(self) -> None:
        self.readers: dict[str, _Share] = defaultdict(_Share)
        self.works: dict[str, _Part] = defaultdict(_Part)
        self.urgencies: dict[Urgency, _Part] = defaultdict(_Part)
        self.cross: Counter[tuple[str, str]] = Counter()
        self.reasons: Counter[str] = Counter()
        self.strategies: Counter[str] = Counter()
        self.whole = _Part()
        self.moves = 0
        self.waits = array("Q")

    def add(self, study: Study) -> None:
        """Count a study of which nothing more becomes."""
        if not study.is_counted:
            return
        work, ready_at = work_of(study), study.case.ready_at
        seconds = None if study.done_at is None else _seconds(ready_at, study.done_at)
        for part in (self.whole, self.works[work], self.urgencies[study.urgency]):
            part.add(study, seconds)
        self.moves += study.moves
        if study.first_at is None:
            self.reasons[study.reason.value if study.reason else "unknown"] += 1
            return
        self.waits.append(_seconds(ready_at, study.first_at))
        self.strategies[study.strategy] += 1
        self.cross[(study.reader, work)] += 1
        share = self.readers[study.reader]
        share.studies += 1
        order = study.case.order
        share.rvu += order.rvu
        share.units += order.units
        share.breached += study.is_breached

    def told(self, hands: Mapping[str, Hands], hours: Mapping[str, timedelta]) -> dict[str, Any]:
        """Return everything as JSON.

        Args:
            hands: a rehearsal's own, by reader, after it was closed; empty where there are none.
            hours: the time on duty by reader, against which their work is counted.
        """
        readers = self._readers(hands, hours)
        return {
            **self.whole.told(),
            "moves": self.moves,
            "delayed": sum(1 for seconds in self.waits if seconds),
            "wait": shares_of(self.waits),
            "reasons": dict(self.reasons.most_common()),
            "strategies": dict(self.strategies.most_common()),
            "spread": spread(readers),
            "urgencies": {urgency.value: part.told() for urgency, part in self.urgencies.items()},
            "works": {work: self.works[work].told() for work in sorted(self.works)},
            "readers": readers,
        }

    def _readers(
        self, hands: Mapping[str, Hands], hours: Mapping[str, timedelta]
    ) -> dict[str, dict[str, Any]]:
        works: dict[str, dict[str, int]] = defaultdict(dict)
        for (reader, work), count in sorted(self.cross.items()):
            works[reader][work] = count
        known = {reader for reader, spent in hours.items() if spent}
        return {
            id_: {
                **self.readers[id_].told(),
                "hours": round(hours.get(id_, _NO_TIME) / _HOUR, 2),
                "most_open": hands[id_].most_open if id_ in hands else 0,
                "works": works[id_],
            }
            for id_ in sorted(known | set(self.readers))
        }


def work_of(study: Study) -> str:
    """Return the kind of work in a word or two: modality and subspecialty."""
    order = study.case.order
    specialty = order.subspecialty or specialty_for(order.modality, order.body_part)
    return f"{order.modality} {specialty}".strip()


def spread(readers: Mapping[str, Mapping[str, Any]]) -> float | None:
    """Return the coefficient of variation of the RVU per hour worked; None for fewer than two.

    Who worked less than an hour is left out.
    """
    rates = [one["rvu"] / one["hours"] for one in readers.values() if one["hours"] >= 1]
    return variation(rates)


def variation(rates: Iterable[float]) -> float | None:
    """Return the coefficient of variation: the standard deviation over the mean."""
    values = list(rates)
    mean = sum(values) / len(values) if values else 0
    if len(values) < 2 or not mean:
        return None
    return round(sqrt(sum((value - mean) ** 2 for value in values) / len(values)) / mean, 4)


def shares_of(seconds: Iterable[int]) -> dict[str, int] | None:
    """Return the seconds below which half, 90 and 99 of a hundred lie; None of nothing."""
    ordered = sorted(seconds)
    if not ordered:
        return None
    last = len(ordered) - 1
    return {f"p{share}": ordered[min(len(ordered) * share // 100, last)] for share in _SHARES}


def _seconds(since: datetime, until: datetime) -> int:
    return max(int((until - since).total_seconds()), 0)
