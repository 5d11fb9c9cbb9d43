"""Forms of the decision policy and of the scoring weights, of which there is one each."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django import forms

from apps.rules.models import DecisionPolicy, ScoringWeights

if TYPE_CHECKING:
    PolicyModelForm = forms.ModelForm[DecisionPolicy]
    WeightsModelForm = forms.ModelForm[ScoringWeights]
else:
    PolicyModelForm = WeightsModelForm = forms.ModelForm


class DecisionPolicyForm(PolicyModelForm):
    """How far fairness and company go, and who must agree to new rules."""

    class Meta:
        model = DecisionPolicy
        fields: ClassVar[list[str]] = [
            *("catch_up_units", "together", "together_most", "prefer_priors", "priors_days"),
            *("company_share", "needs_second_person"),
        ]
        labels: ClassVar[dict[str, str]] = {
            "catch_up_units": "Catch up at most, units",
            "together": "Studies that go to one reader",
            "together_most": "Of one patient at most",
            "prefer_priors": "Prefer the reader of the priors",
            "priors_days": "Priors count for, days",
            "company_share": "The preferred reader may be fuller by",
            "needs_second_person": "A second person agrees to drafts of rules",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "company_share": "As a part of the limit, 0.2 being a fifth: how much fuller than "
            "the least full one they may be and still be given it.",
            "needs_second_person": "Covers drafts only. Whoever may change rules can still change "
            "the live ones at once, without a draft.",
            "prefer_priors": "Of the same modality or body part first, then the latest.",
        }


class ScoringWeightsForm(WeightsModelForm):
    """The terms of a candidate's score."""

    class Meta:
        model = ScoringWeights
        fields: ClassVar[list[str]] = [
            *("start", "open_share", "subspecialty_match", "stat_seniority"),
            *("seniority_over_years", "recently_active", "active_within_minutes"),
            *("quick_turnaround", "quick_under_minutes", "slow_turnaround", "slow_over_minutes"),
        ]
        labels: ClassVar[dict[str, str]] = {
            "start": "Everybody starts with",
            "open_share": "When full of open studies",
            "subspecialty_match": "For a matching subspecialty",
            "stat_seniority": "For STAT, to seniors",
            "seniority_over_years": "Senior is over, years",
            "recently_active": "For being active lately",
            "active_within_minutes": "Lately is within, minutes",
            "quick_turnaround": "For a quick turnaround",
            "quick_under_minutes": "Quick is under, minutes",
            "slow_turnaround": "For a slow turnaround",
            "slow_over_minutes": "Slow is over, minutes",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "open_share": "Times open studies over the concurrent limit; below zero takes off.",
            "slow_turnaround": "Below zero takes off.",
        }
