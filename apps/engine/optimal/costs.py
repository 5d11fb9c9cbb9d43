"""What one study costs with each reader, in seconds, term by term.

- ``until``: when it would be read, by what is on hand before it and by when they are there;
- ``away``: what somebody who is away just now is expected to be away for;
- ``delays``: by how much what is less urgent on their hands waits longer for it, a part of that;
- ``late``: a fixed sum and by how much that is after it is due;
- ``share``: by how much they were given more than their share, within a bound;
- ``fit``: whether it is their subject.

Whoever leaves in ten minutes goes on tomorrow, or on Monday: what they will not have begun by
then waits so long. What was begun is finished, so a routine study need but be begun in time,
while an urgent one is given only to who can be expected to end it.
All in whole numbers, so that neither rounding nor the order of the candidates has a say.
Source: spec 2, step 7; spec 3, slow and fairness; ADR 26.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from apps.engine.alike import Alike, once
from apps.engine.capacity import queue_ahead
from apps.engine.codes import Presence, Urgency
from apps.engine.duty import Span
from apps.engine.facts import Balance, OrderFacts, Workload

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
_AWAY = 600
"""What is left of a break on average, when breaks last ten minutes or thirty."""
_DELAYED_PARTS = 4
"""A minute that each less urgent study waits longer counts for so many parts of a minute."""
_QUARTERS = 4
_CARE: Mapping[Urgency, int] = {Urgency.STAT: 4, Urgency.URGENT: 5, Urgency.ROUTINE: 6}
"""Quarters by which work counts before somebody leaves: what comes in later may be read first."""
_SHARE: Mapping[Urgency, int] = {Urgency.STAT: 1, Urgency.URGENT: 6, Urgency.ROUTINE: 2}
_SHARE_PARTS = 12
"""A minute beyond somebody's share counts for so many parts of a minute: for a STAT hardly."""
MOST_FOR_SHARE = 900
"""How many seconds longer a study waits at most for the sake of shares, from either side."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the costs of one study follow from."""

    order: OrderFacts
    urgency: Urgency
    at: datetime
    subspecialty: str = ""

    @property
    def seconds_left(self) -> int | None:
        """Return the whole seconds until it is due, None where it never is."""
        due_at = self.order.report_due_at
        return None if due_at is None else (due_at - self.at) // _SECOND


def priced(
    candidates: list[Candidate],
    wanted: Wanted,
    balance: Balance,
    ahead: Ahead,
    alike: Alike | None = None,
) -> list[Candidate]:
    """Return the candidates with each their cost and its terms.

    Where many are decided on the same loads, those are others that like orders share.
    """
    left = wanted.seconds_left
    if alike is None:
        return _with_lateness(_priced(candidates, wanted, balance, ahead, None), left)
    key = (wanted.urgency, wanted.order.rvu, wanted.subspecialty)
    plain = alike.once(candidates, key, lambda: _priced(candidates, wanted, balance, ahead, alike))
    slowest = alike.once(
        plain, "slowest", lambda: max([one.costs[0] + one.costs[1] for one in plain])
    )
    if left is None or left >= slowest:
        return plain
    return alike.once(plain, left, lambda: _with_lateness(plain, left))


def _priced(
    candidates: Sequence[Candidate],
    wanted: Wanted,
    balance: Balance,
    ahead: Ahead,
    alike: Alike | None,
) -> list[Candidate]:
    key = ("until", wanted.urgency, wanted.order.rvu)
    untils: dict[str, int] = once(alike, alike, key, dict)
    own = _seconds(wanted.order.rvu)
    shares = ahead_seconds(candidates, balance.catch_up_units)
    priced: list[Candidate] = []
    for one, share in zip(candidates, shares, strict=True):
        person, load = one.person, one.workload
        until = untils.get(person.id)
        if until is None:
            until = seconds_until_read(load, wanted, ahead(person.id))
            untils[person.id] = until
        away = _AWAY if load.presence is Presence.AWAY else 0
        behind = load.open_studies - queue_ahead(load, wanted.urgency)
        delays = behind * own // _DELAYED_PARTS
        fit = 0 if wanted.subspecialty in person.specialties else _NO_MATCH
        weighed = _weighed(share, wanted.urgency)
        priced.append(_at(one, (until, away, delays, 0, weighed, fit)))
    return priced


def _at(candidate: Candidate, costs: tuple[int, ...]) -> Candidate:
    one, make = candidate, type(candidate)
    return make(one.person, one.shift, one.workload, cost=sum(costs), costs=costs)


def _with_lateness(candidates: list[Candidate], left: int | None) -> list[Candidate]:
    if left is None:
        return candidates
    return [_late_by(one, sum(one.costs[:2]) - left) for one in candidates]


def _late_by(candidate: Candidate, seconds: int) -> Candidate:
    if seconds <= 0:
        return candidate
    until, away, delays, _, share, fit = candidate.costs
    return _at(candidate, (until, away, delays, _LATE + seconds, share, fit))


def _weighed(share: int, urgency: Urgency) -> int:
    bound = MOST_FOR_SHARE
    return min(max(share * _SHARE[urgency] // _SHARE_PARTS, -bound), bound)


def seconds_until_read(load: Workload, wanted: Wanted, spans: Sequence[Span]) -> int:
    """Return in how many seconds the study would be read, by what is on hand and the roster."""
    before, own = _seconds_before(load, wanted.urgency), _seconds(wanted.order.rvu)
    care = _CARE[wanted.urgency]
    if wanted.urgency is Urgency.ROUTINE:
        counted, after = before * care // _QUARTERS, own
    else:
        counted, after = (before + own) * care // _QUARTERS, 0
    reached = _spent(counted, wanted.at, spans) if spans else counted
    return before + own if reached == counted else reached + after


def _seconds_before(load: Workload, urgency: Urgency) -> int:
    """Return how long what is read before it takes; what is under way is half read already."""
    if not load.open_studies:
        return 0
    mean = _seconds(load.open_rvu) // load.open_studies
    return queue_ahead(load, urgency) * mean or mean // 2


def step_seconds(orders: Sequence[OrderFacts]) -> int:
    """Return by how much a further study of a burst costs a reader more than the one before."""
    urgency = min((order.urgency for order in orders), key=lambda urgency: urgency.rank)
    mean = sum(_seconds(order.rvu) for order in orders) // len(orders)
    return mean * (_SHARE_PARTS + _SHARE[urgency]) // _SHARE_PARTS


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
