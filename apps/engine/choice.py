"""Step 7: one reader among the fit, by the pool's strategy.

Every strategy is a table of what is compared, in turn; the lowest wins. Loads are compared
exactly, as fractions brought to one denominator. Source: spec 2, step 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

from apps.engine.codes import Strategy
from apps.engine.facts import RadiologistFacts, Workload
from apps.engine.rota import ShiftFacts

_NEVER = datetime.min.replace(tzinfo=UTC)


class Tie(StrEnum):
    """What made the difference between the chosen reader and the next."""

    ONLY = "only"
    SCORE = "score"
    SENIORITY = "seniority"
    TURN = "turn"
    SHARE = "share"
    COST = "cost"
    TOGETHER = "together"
    LOAD = "load"
    LAST = "last"
    ID = "id"


@dataclass(slots=True)
class Candidate:
    """A fit reader, with what the choice compares; less of each is better but for the score.

    ``load`` and ``share`` are whole numbers on a scale of those who are compared. ``cost`` is what the
    OPTIMAL strategy weighs, ``costs`` its terms.
    """

    person: RadiologistFacts
    shift: ShiftFacts | None
    workload: Workload
    score: Decimal = Decimal(0)
    terms: tuple[Decimal, ...] = ()
    load: int = 0
    share: int = 0
    cost: int = 0
    costs: tuple[int, ...] = ()


class Choice(NamedTuple):
    """The chosen reader and what decided it."""

    candidate: Candidate
    tie: Tie


# Each value is comparable with those of the same criterion, which is all that sorting needs.
_Key = Callable[[Candidate], Any]


def _last_on_shift(candidate: Candidate) -> datetime:
    code = candidate.shift.code if candidate.shift else ""
    return candidate.workload.last_on_shift.get(code, _NEVER)


_CRITERIA: Mapping[Tie, _Key] = {
    Tie.SCORE: lambda candidate: -candidate.score,
    Tie.SENIORITY: lambda candidate: -candidate.person.seniority_years,
    Tie.TURN: _last_on_shift,
    Tie.SHARE: lambda candidate: candidate.share,
    Tie.COST: lambda candidate: candidate.cost,
    Tie.LOAD: lambda candidate: candidate.load,
    Tie.LAST: lambda candidate: candidate.workload.last_assigned_at or _NEVER,
    Tie.ID: lambda candidate: candidate.person.id,
}
_TIES = (Tie.LOAD, Tie.LAST, Tie.ID)
_ORDER: Mapping[Strategy, tuple[Tie, ...]] = {
    Strategy.LOAD_BALANCED: _TIES,
    Strategy.SCORED: (Tie.SCORE, *_TIES),
    Strategy.ROUND_ROBIN: (Tie.TURN, *_TIES),
    Strategy.URGENT: (Tie.SENIORITY, *_TIES),
    Strategy.FAIR: (Tie.SHARE, *_TIES),
    Strategy.OPTIMAL: (Tie.COST, *_TIES),
    Strategy.ESCALATED: (Tie.SENIORITY, *_TIES),
    Strategy.RULE: _TIES,
}


def set_loads(candidates: Sequence[Candidate]) -> None:
    """Set each load, open RVU over the concurrent limit, in units of one denominator."""
    ratios = [candidate.workload.open_rvu.as_integer_ratio() for candidate in candidates]
    limits = [candidate.person.max_concurrent_studies for candidate in candidates]
    denominator = lcm(*{below * most for (_, below), most in zip(ratios, limits, strict=True)})
    for candidate, (above, below), most in zip(candidates, ratios, limits, strict=True):
        candidate.load = above * (denominator // (below * most))


def set_shares(candidates: Sequence[Candidate], catch_up: Decimal) -> None:
    """Set each share: the work given beyond the pool's common rate for the hours worked.

    Below zero is behind. Who is further behind than ``catch_up`` units counts as if they were
    that far behind, so that of several who were away none waits for another: among those the open
    load decides. Worked out in whole numbers: the given work over one denominator, times all
    hours of the pool. Source: spec 3, fairness.
    """
    given = [candidate.workload.given_units.as_integer_ratio() for candidate in candidates]
    above, below = catch_up.as_integer_ratio()
    scale = lcm(below, *(per for _, per in given))
    amounts = [units * (scale // per) for units, per in given]
    hours = max(sum(candidate.workload.worked_seconds for candidate in candidates), 1)
    common, floor = sum(amounts), -above * (scale // below) * hours
    for candidate, amount in zip(candidates, amounts, strict=True):
        ahead = amount * hours - common * candidate.workload.worked_seconds
        candidate.share = max(ahead, floor)


def not_too_full(
    candidates: Sequence[Candidate], bound: Decimal, wanted: Set[str] | None = None
) -> frozenset[str]:
    """Return who is at most a share of their limit fuller than the least loaded.

    Args:
        candidates: one or more.
        bound: the share, of the concurrent limit.
        wanted: the ids that are asked about; None for all.
    """
    asked = [one for one in candidates if wanted is None or one.person.id in wanted]
    if not asked:
        return frozenset()
    set_loads(candidates)
    most = _fullness(min(candidates, key=lambda one: one.load)) + Fraction(bound)
    return frozenset(one.person.id for one in asked if _fullness(one) <= most)


def _fullness(candidate: Candidate) -> Fraction:
    return Fraction(candidate.workload.open_rvu) / candidate.person.max_concurrent_studies


def choose(candidates: Sequence[Candidate], strategy: Strategy) -> Choice:
    """Return the best of one or more candidates whose scores, shares or costs are set.

    What makes the difference is the first that the best has alone.
    """
    if len(candidates) == 1:
        return Choice(candidates[0], Tie.ONLY)
    left = candidates
    for tie in _ORDER[strategy]:
        if tie is Tie.LOAD:
            set_loads(left)
        criterion = _CRITERIA[tie]
        values = [criterion(candidate) for candidate in left]
        best = min(values)
        left = [one for one, value in zip(left, values, strict=True) if value == best]
        if len(left) == 1:
            break
    return Choice(left[0], tie)
