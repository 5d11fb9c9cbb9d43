"""The score of a candidate, term by term, in decimals. Source: spec 2, scoring."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import reduce

from apps.engine.codes import Urgency
from apps.engine.facts import RadiologistFacts, Weights, Workload

TERMS = ("start", "open_share", "subspecialty", "seniority", "recently_active", "turnaround")
"""The names of a score's terms, in the order they are added."""

_ZERO = Decimal(0)
_STEP = Decimal("0.0001")
# The thread's own context may be set otherwise; a replay must not depend on it.
_CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN)


def score_terms(
    person: RadiologistFacts,
    load: Workload,
    weights: Weights,
    *,
    subspecialty: str,
    urgency: Urgency,
    at: datetime,
) -> tuple[Decimal, ...]:
    """Return the terms of a score in the order of ``TERMS``, to four decimals."""
    return (
        weights.start,
        _open_share(person, load, weights),
        weights.subspecialty_match if subspecialty in person.specialties else _ZERO,
        _seniority(person, weights, urgency),
        _activity(load, weights, at),
        _turnaround(load, weights),
    )


def total(terms: tuple[Decimal, ...]) -> Decimal:
    """Return the score: the sum of its terms, never below zero."""
    return max(_ZERO, reduce(_CONTEXT.add, terms, _ZERO))


def _open_share(person: RadiologistFacts, load: Workload, weights: Weights) -> Decimal:
    open_studies, limit = Decimal(load.open_studies), Decimal(person.max_concurrent_studies)
    share = _CONTEXT.divide(_CONTEXT.multiply(weights.open_share, open_studies), limit)
    # Adding zero turns the "-0" of an empty list into a plain one.
    return _CONTEXT.add(_CONTEXT.quantize(share, _STEP), _ZERO)


def _seniority(person: RadiologistFacts, weights: Weights, urgency: Urgency) -> Decimal:
    counts = urgency is Urgency.STAT and person.seniority_years > weights.seniority_over_years
    return weights.stat_seniority if counts else _ZERO


def _activity(load: Workload, weights: Weights, at: datetime) -> Decimal:
    if load.last_activity_at is None:
        return _ZERO
    is_recent = at - load.last_activity_at <= timedelta(minutes=weights.active_within_minutes)
    return weights.recently_active if is_recent else _ZERO


def _turnaround(load: Workload, weights: Weights) -> Decimal:
    mean = load.mean_turnaround_minutes
    if mean is None:
        return _ZERO
    if mean < weights.quick_under_minutes:
        return weights.quick_turnaround
    return weights.slow_turnaround if mean > weights.slow_over_minutes else _ZERO
