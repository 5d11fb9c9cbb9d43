"""Forms of shadows: which draft is asked, for how long, and what of it is shown."""

from __future__ import annotations

from django import forms

from apps.assignment.queries.shadow_differences import DifferenceFilter, Kind
from apps.assignment.queries.shadows import Summary
from apps.rules.models import RuleDraft
from apps.rules.queries.shadows import startable
from apps.rules.services.shadows import LONGEST_DAYS

_USUAL_DAYS = 7


class StartForm(forms.Form):
    """A draft, and for how many days it is asked."""

    draft = forms.ModelChoiceField(RuleDraft.objects.none(), empty_label=None)
    days = forms.IntegerField(min_value=1, max_value=LONGEST_DAYS, initial=_USUAL_DAYS)

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Offer the drafts that can be asked now."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # what a form takes
        field = self.fields["draft"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 -- tells the type checker
        field.queryset = startable()


class DifferenceForm(forms.Form):
    """What the differences are narrowed by."""

    kind = forms.ChoiceField(
        label="What differs", required=False, choices=[("", "anything"), *Kind.choices]
    )
    modality = forms.ChoiceField(required=False)
    rule = forms.ChoiceField(label="Decided by", required=False)

    def offer(self, counted: Summary) -> None:
        """Offer the kinds of work and the rules that were met."""
        modalities = sorted({line.key for line in counted.works if line.key})
        self._choices("modality", [(one, one) for one in modalities])
        self._choices("rule", [(line.key, line.label) for line in counted.rules])

    def wanted(self) -> DifferenceFilter:
        """Return the filter; what is not offered narrows nothing."""
        self.is_valid()
        asked = getattr(self, "cleaned_data", {})
        rule = asked.get("rule", "")
        return DifferenceFilter(
            kind=asked.get("kind", ""),
            modality=asked.get("modality", ""),
            rule_id=int(rule) if rule else None,
        )

    def _choices(self, name: str, offered: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- tells the type checker
        field.choices = [("", "any"), *offered]
