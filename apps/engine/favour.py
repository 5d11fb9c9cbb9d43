"""Whom something else than the strategy puts first: a rule, the patient's other studies, the priors.

Favour chooses only among those who are fit and in time, and what is not a rule's wish is bounded:
who is fuller than the least loaded by more than a set share is not favoured. Among several who are
favoured the strategy decides. Source: spec 2, PREFER; spec 3, together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.engine.choice import Candidate, not_too_full
from apps.engine.facts import Balance, OrderFacts
from apps.engine.rules import CompiledRule


class Cause(StrEnum):
    """Why somebody is put first."""

    RULE = "rule"
    TOGETHER = "together"
    PRIORS = "priors"


@dataclass(frozen=True, slots=True)
class Favour:
    """Who is put first and why; ``rule`` is the rule's id where a rule says so."""

    cause: Cause
    ids: tuple[str, ...]
    rule: int | None = None


def favoured(
    candidates: Sequence[Candidate],
    order: OrderFacts,
    balance: Balance,
    preferring: Sequence[CompiledRule],
) -> tuple[Favour | None, Sequence[Candidate]]:
    """Return the first favour that somebody has, and those among whom the strategy chooses.

    Args:
        candidates: fit and, where anybody is, in time.
        order: with the readers of the patient's other studies.
        balance: how far company may go.
        preferring: the PREFER rules that hold, in order.
    """
    if not (preferring or order.together or order.priors):
        return None, candidates
    for favour in _favours(candidates, order, balance, preferring):
        if favour.ids:
            chosen = [candidate for candidate in candidates if candidate.person.id in favour.ids]
            return favour, chosen
    return None, candidates


def _favours(
    candidates: Sequence[Candidate],
    order: OrderFacts,
    balance: Balance,
    preferring: Sequence[CompiledRule],
) -> Iterator[Favour]:
    here = {candidate.person.id for candidate in candidates}
    for rule in preferring:
        named = tuple(id_ for id_ in rule.target.named if id_ in here)
        yield Favour(Cause.RULE, named, rule.facts.id)
    if not (order.together or order.priors):
        return
    may = not_too_full(candidates, balance.company_share, {*order.together, *order.priors})
    # One alone, who has most: two readers for one patient are what this is to prevent.
    for cause, ids in ((Cause.TOGETHER, order.together), (Cause.PRIORS, order.priors)):
        yield Favour(cause, tuple(id_ for id_ in ids if id_ in may)[:1])
