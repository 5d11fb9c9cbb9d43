"""The decision policy and the scoring weights: as they are, and what a change of them does."""

from __future__ import annotations

from apps.audit.editing import Effect
from apps.audit.queries.history import Subject
from apps.engine.facts import Balance, Weights
from apps.rules.balance import Otherwise, decided_otherwise
from apps.rules.choices import Together
from apps.rules.models import DecisionPolicy, ScoringWeights


def decision_policy() -> DecisionPolicy:
    """Return the policy, not stored as long as its defaults hold."""
    return DecisionPolicy.objects.first() or DecisionPolicy(pk=1)


def scoring_weights() -> ScoringWeights:
    """Return the weights, not stored as long as their defaults hold."""
    return ScoringWeights.objects.first() or ScoringWeights(pk=1)


def policy_subject() -> Subject:
    """Return whose history the policy's page shows."""
    return Subject("rules_decisionpolicy", "1")


def weights_subject() -> Subject:
    """Return whose history the weights' page shows."""
    return Subject("rules_scoringweights", "1")


def policy_effects(policy: DecisionPolicy) -> list[Effect]:
    """Return what would follow from saving the policy."""
    balance = Balance(policy.catch_up_units, policy.company_share)
    found = [_otherwise(decided_otherwise(balance=balance))]
    if policy.together == Together.OFF and not policy.prefer_priors:
        found.append(Effect("A patient's studies may go to as many readers as there are."))
    if policy.together != Together.OFF and not policy.together_most:
        found.append(
            Effect("Nobody may have any study of the patient: nothing goes together.", "warn")
        )
    if not policy.catch_up_units:
        found.append(Effect("Nobody catches up: who is behind counts as level.", "warn"))
    if policy.needs_second_person:
        found.append(Effect("Who drafted rules cannot let them go live alone."))
    return found


def weights_effects(weights: ScoringWeights) -> list[Effect]:
    """Return what would follow from saving the weights."""
    asked = Weights(**{name: getattr(weights, name) for name in Weights.__dataclass_fields__})
    found = [
        Effect("Counts for shifts that choose by score, from the next decision on."),
        _otherwise(decided_otherwise(weights=asked)),
    ]
    if weights.open_share > 0:
        found.append(Effect("Who has more open would be preferred.", "warn"))
    if weights.quick_under_minutes > weights.slow_over_minutes:
        found.append(Effect("Some turnarounds would be quick and slow at once.", "warn"))
    return found


def _otherwise(found: Otherwise) -> Effect:
    if not found.looked_at:
        return Effect("There are no decisions yet to try it on.")
    of = f"the last {found.looked_at} decisions" if found.looked_at > 1 else "the last decision"
    if not found.moved:
        return Effect(f"None of {of} would go to another reader.")
    return Effect(f"{found.moved} of {of} would go to another reader.")
