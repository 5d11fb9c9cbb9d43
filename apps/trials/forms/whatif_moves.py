"""What the orders of a what-if that move are narrowed by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from apps.trials.whatif.listing import ONLY_CHOICES, MoveFilter


class MoveFilterForm(forms.Form):
    """What the list of moves is narrowed by."""

    reader = forms.ChoiceField(required=False)
    shift = forms.ChoiceField(required=False)
    modality = forms.CharField(required=False, max_length=16)
    only = forms.ChoiceField(label="Show", required=False, choices=ONLY_CHOICES)

    def __init__(
        self, data: Mapping[str, Any], *, readers: Mapping[str, str], shifts: list[str]
    ) -> None:
        """Offer the readers by name and the shifts by code."""
        super().__init__(data)
        by_name = sorted(readers.items(), key=lambda one: one[1])
        self.fields["reader"].choices = [("", "Any"), *by_name]  # type: ignore[attr-defined] # a ChoiceField
        self.fields["shift"].choices = [("", "Any"), *((one, one) for one in shifts)]  # type: ignore[attr-defined] # a ChoiceField

    def wanted(self) -> MoveFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return MoveFilter(
            reader=said.get("reader", ""),
            shift=said.get("shift", ""),
            modality=said.get("modality", "").strip().upper(),
            only=said.get("only", ""),
        )
