"""Step 7: one reader among the fit, by the pool's strategy.

Every strategy is a table of what is compared, in turn; the lowest wins. Loads are compared
exactly, as fractions brought to one denominator. Source: spec 2, step 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
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
    LOAD = "load"
    LAST = "last"
    ID = "id"


@dataclass(slots=True)
class Candidate:
    """A fit reader, with what the choice compares. ``load`` is in units of the whole pool."""

    person: RadiologistFacts
    shift: ShiftFacts | None
    workload: Workload
    score: Decimal = Decimal(0)
    terms: tuple[Decimal, ...] = ()
    load: int = 0


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
    Strategy.ESCALATED: (Tie.SENIORITY, *_TIES),
    Strategy.RULE: _TIES,
}


def set_loads(candidates: Sequence[Candidate]) -> None:
    """Set each load, open RVU over the concurrent limit, in units of one denominator."""
    ratios = []
    for candidate in candidates:
        rvu, scale = candidate.workload.open_rvu.as_integer_ratio()
        ratios.append((rvu, scale * candidate.person.max_concurrent_studies))
    denominator = lcm(*(below for _, below in ratios))
    for candidate, (above, below) in zip(candidates, ratios, strict=True):
        candidate.load = above * (denominator // below)


def choose(candidates: Sequence[Candidate], strategy: Strategy) -> Choice:
    """Return the best of one or more candidates whose loads (and scores) are set."""
    if len(candidates) == 1:
        return Choice(candidates[0], Tie.ONLY)
    ties = _ORDER[strategy]
    criteria = [_CRITERIA[tie] for tie in ties]
    ranked = sorted(
        (tuple([criterion(candidate) for criterion in criteria]), index)
        for index, candidate in enumerate(candidates)
    )
    (best, index), (second, _) = ranked[:2]
    difference = next(tie for tie, a, b in zip(ties, best, second, strict=True) if a != b)
    return Choice(candidates[index], difference)
