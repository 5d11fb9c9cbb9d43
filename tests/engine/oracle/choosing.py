"""Step 7: who of those who remain, by the strategy, after the favoured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from apps.engine.codes import Strategy, Urgency
from tests.engine.oracle.anatomy import specialty
from tests.engine.oracle.people import Asked, Case, person, share

NEVER = datetime.min.replace(tzinfo=UTC)


def choose(case: Case, strategy: Strategy, fit: list[Asked], those: list[Asked]) -> Asked:
    """Return one of those who are in time, of the fit; there is at least one."""
    favoured = _favoured(case, those)
    if not favoured and strategy is Strategy.FAIR:
        those = _not_flooded(case, those)
    return min(favoured or those, key=lambda one: _key(case, strategy, one, fit))


def _favoured(case: Case, those: list[Asked]) -> list[Asked]:
    """Return whom rules favour, then the patient's unread studies, then the priors.

    A rule is a wish of people and has no bounds; company is taken by one reader, within bounds.
    """
    for named in case.preferred:
        preferred = [one for one in those if one.id in named]
        if preferred:
            return preferred
    least = min(share(case, one.id) for one in those)
    most = least + Fraction(case.config.balance.company_share)
    near = {one.id: one for one in those if share(case, one.id) <= most}
    for id_ in (*case.order.together, *case.order.priors):
        if id_ in near:
            return [near[id_]]
    return []


def _not_flooded(case: Case, those: list[Asked]) -> list[Asked]:
    """Return who is not much fuller than the least loaded; FAIR chooses among these."""
    least = min(share(case, one.id) for one in those)
    most = least + Fraction(case.config.balance.company_share)
    return [one for one in those if share(case, one.id) <= most]


def _key(case: Case, strategy: Strategy, one: Asked, fit: list[Asked]) -> tuple[object, ...]:
    found, held = person(case, one.id), case.load(one.id)
    assert found is not None
    ties = (share(case, one.id), held.last_assigned_at or NEVER, one.id)
    match strategy:
        case Strategy.SCORED:
            return (-_score(case, one), *ties)
        case Strategy.ROUND_ROBIN:
            turn = held.last_on_shift.get(one.shift.code) if one.shift else None
            return (turn or NEVER, *ties)
        case Strategy.URGENT | Strategy.ESCALATED:
            return (-found.seniority_years, *ties)
        case Strategy.FAIR:
            return (_ahead(case, one, fit), *ties)
        case _:
            return ties


def _score(case: Case, one: Asked) -> Decimal:
    found, held, weights = person(case, one.id), case.load(one.id), case.config.weights
    assert found is not None
    share_open = Fraction(sum(held.open_by_urgency), found.max_concurrent_studies)
    total = weights.start + _four_places(Fraction(weights.open_share) * share_open)
    if specialty(case.order) in found.specialties:
        total += weights.subspecialty_match
    if case.urgency is Urgency.STAT and found.seniority_years > weights.seniority_over_years:
        total += weights.stat_seniority
    since = case.at - (held.last_activity_at or NEVER)
    if since <= timedelta(minutes=weights.active_within_minutes):
        total += weights.recently_active
    mean = held.mean_turnaround_minutes
    if mean is not None and mean < weights.quick_under_minutes:
        total += weights.quick_turnaround
    if mean is not None and mean > weights.slow_over_minutes:
        total += weights.slow_turnaround
    return max(total, Decimal(0))


def _four_places(exact: Fraction) -> Decimal:
    """Return the number as scores show it, to a ten-thousandth."""
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(
        Decimal("0.0001"), ROUND_HALF_EVEN
    )


def _ahead(case: Case, one: Asked, fit: list[Asked]) -> Fraction:
    """Return the units given beyond the common rate per hour; behind counts to a bound."""
    given = {each.id: Fraction(case.load(each.id).given_units) for each in fit}
    worked = {each.id: Fraction(case.load(each.id).worked_seconds, 3600) for each in fit}
    hours = sum(worked.values())
    rate = sum(given.values()) / hours if hours else Fraction(0)
    ahead = given[one.id] - rate * worked[one.id]
    return max(ahead, -Fraction(case.config.balance.catch_up_units))
