"""Forms of the pages of SLA policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from apps.catalog.models import Site
from apps.catalog.words import vocabulary_field
from apps.core.access import Scope
from apps.rules.models import SlaPolicy
from apps.rules.steps import Step, StepsField, tier_words
from apps.rules.tiers import DEFAULT_TIERS

if TYPE_CHECKING:
    PolicyModelForm = forms.ModelForm[SlaPolicy]
else:
    PolicyModelForm = forms.ModelForm


class PolicyForm(PolicyModelForm):
    """A policy; who manages some sites only sets one up for these."""

    escalation_steps = StepsField(
        label="Steps after a breach",
        required=False,
        help_text="Without any: "
        + ", ".join(tier_words(tier).lower() for tier in DEFAULT_TIERS)
        + ".",
    )

    class Meta:
        model = SlaPolicy
        fields: ClassVar[list[str]] = [
            *("urgency", "modality", "site", "clock_start", "acknowledge_minutes"),
            *("report_minutes", "escalation_steps"),
        ]
        formfield_callback = vocabulary_field
        labels: ClassVar[dict[str, str]] = {
            "clock_start": "Clock starts",
            "acknowledge_minutes": "Minutes to acknowledge",
            "report_minutes": "Minutes to report",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "site": "A policy that names the site goes before one that names the modality, before "
            "one that names neither.",
            "acknowledge_minutes": "From the start of the clock. Empty: no limit.",
            "report_minutes": "From the start of the clock. Empty: no limit.",
        }

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        """Offer the sites at which the viewer may change policies."""
        super().__init__(*args, **kwargs)
        steps = self.instance.escalation_steps
        self.initial["escalation_steps"] = [Step(step) for step in steps if isinstance(step, dict)]
        site = self.fields["site"]
        site.queryset = scope.limit(Site.objects.order_by("code"), "pk")  # type: ignore[attr-defined] # a ModelChoiceField
        site.required = not scope.everywhere
        site.empty_label = "every site" if scope.everywhere else None  # type: ignore[attr-defined] # as above

    def clean_escalation_steps(self) -> list[Step]:
        """Return the steps in the order in which they happen, as they are stored."""
        steps: list[Step] = self.cleaned_data["escalation_steps"]
        return sorted(steps, key=lambda step: int(step["after_minutes"]))
