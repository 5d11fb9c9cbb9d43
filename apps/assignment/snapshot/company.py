"""How far the company of a patient's studies goes, as the decision policy says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from apps.rules.choices import Together
from apps.rules.models import DecisionPolicy


@dataclass(frozen=True, slots=True)
class CompanyRules:
    """Which studies go together, how many at most, and how far back priors count."""

    together: Together
    most: int
    prefers_priors: bool
    priors: timedelta

    @property
    def is_on(self) -> bool:
        """Return whether a patient's other studies count at all."""
        return self.together is not Together.OFF or self.prefers_priors


def company_rules() -> CompanyRules:
    """Return what the policy says as the current transaction sees it, else its defaults."""
    row = DecisionPolicy.objects.first() or DecisionPolicy()
    return CompanyRules(
        together=Together(row.together),
        most=row.together_most,
        prefers_priors=row.prefer_priors,
        priors=timedelta(days=row.priors_days),
    )
