"""What one study costs with each reader: when it would be read, lateness, share and fit.

All in seconds: how long until it would be read and by how much that is late, by how much the
reader was given more than their share, and whether it is their subject.

The moment at which somebody would have read it follows from what is on their hands before it and
from when they are there to read: whoever leaves in ten minutes goes on tomorrow, or on Monday.
All in whole numbers, so that neither rounding nor the order of the candidates has a say.
Source: spec 2, step 7; spec 3, slow and fairness; ADR 26.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from apps.engine.capacity import queue_ahead
from apps.engine.codes import Urgency
from apps.engine.duty import Span
from apps.engine.facts import Balance, OrderFacts

if TYPE_CHECKING:
    from apps.engine.choice import Candidate

Ahead = Callable[[str], tuple[Span, ...]]
"""When a reader is there to read from now on, by id; nothing where that is not known."""

_SECOND = timedelta(seconds=1)
SECONDS_PER_RVU = 480
"""Seven and a half RVU an hour: what readers sustain is six to twelve."""
_LATE = 14_400
_NO_MATCH = 60
_NEVER = 604_800
_QUARTERS = 4
_CARE: Mapping[Urgency, int] = {Urgency.STAT: 4, Urgency.URGENT: 5, Urgency.ROUTINE: 6}
"""Quarters by which the time needed counts: what comes in after it may be read before it."""
_SHARE: Mapping[Urgency, int] = {Urgency.STAT: 0, Urgency.URGENT: 2, Urgency.ROUTINE: 4}
"""Quarters by which somebody's share counts: the less, the more urgent."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the costs of one study follow from."""

    order: OrderFacts
    urgency: Urgency
    at: datetime
    subspecialty: str = ""


def set_costs(
    candidates: Sequence[Candidate], wanted: Wanted, balance: Balance, ahead: Ahead
) -> None:
    """Set each candidate's cost and its terms: time, lateness, share, fit."""
    shares = ahead_seconds(candidates, balance.catch_up_units)
    due_at = wanted.order.report_due_at
    left = None if due_at is None else (due_at - wanted.at) // _SECOND
    for candidate, share in zip(candidates, shares, strict=True):
        seconds = seconds_until_read(candidate, wanted, ahead(candidate.person.id))
        late = _LATE + seconds - left if left is not None and seconds > left else 0
        fit = 0 if wanted.subspecialty in candidate.person.specialties else _NO_MATCH
        candidate.costs = (seconds, late, share * _SHARE[wanted.urgency] // _QUARTERS, fit)
        candidate.cost = sum(candidate.costs)


def seconds_until_read(candidate: Candidate, wanted: Wanted, spans: Sequence[Span]) -> int:
    """Return in how many seconds the study would be read, by what is on hand and the roster."""
    load = candidate.workload
    before = queue_ahead(load, wanted.urgency)
    share = before * _seconds(load.open_rvu) // load.open_studies if before else 0
    needed = (share + _seconds(wanted.order.rvu)) * _CARE[wanted.urgency] // _QUARTERS
    return needed if not spans else _spent(needed, wanted.at, spans)


def step_seconds(orders: Sequence[OrderFacts]) -> int:
    """Return by how much a further study of a burst costs a reader more than the one before."""
    urgency = min((order.urgency for order in orders), key=lambda urgency: urgency.rank)
    mean = sum(_seconds(order.rvu) for order in orders) // len(orders)
    return mean * (_CARE[urgency] + _SHARE[urgency]) // _QUARTERS


def _seconds(rvu: Decimal) -> int:
    above, below = rvu.as_integer_ratio()
    return above * SECONDS_PER_RVU // below


def _spent(needed: int, at: datetime, spans: Sequence[Span]) -> int:
    """Return the seconds until so many seconds of reading are over."""
    for span in spans:
        start = max((span.start_at - at) // _SECOND, 0)
        there = (span.end_at - at) // _SECOND - start
        if needed <= there:
            return start + needed
        needed -= max(there, 0)
    return _NEVER


def ahead_seconds(candidates: Sequence[Candidate], catch_up: Decimal) -> list[int]:
    """Return by how many seconds of the pool's common pace each was given more than their share.

    Below zero is behind, by ``catch_up`` units at most, so that a late starter is not flooded.
    """
    given = [candidate.workload.given_units for candidate in candidates]
    total, worked = sum(given), sum(candidate.workload.worked_seconds for candidate in candidates)
    if not total or not worked:
        return [0] * len(candidates)
    above, below = total.as_integer_ratio()
    floor = -_scaled(catch_up, worked * below, above)
    return [
        max(_scaled(units, worked * below, above) - candidate.workload.worked_seconds, floor)
        for candidate, units in zip(candidates, given, strict=True)
    ]


def _scaled(units: Decimal, by: int, over: int) -> int:
    above, below = units.as_integer_ratio()
    return above * by // (below * over)
