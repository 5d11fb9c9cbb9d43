"""Forms of going back: what a history is narrowed by, to which moment, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from apps.rules.fields import MomentField
from apps.rules.queries.versions import VersionFilter


class HistoryFilterForm(forms.Form):
    """What the history of all rules is narrowed by."""

    q = forms.CharField(label="Rule", required=False, max_length=120)
    by = forms.ChoiceField(label="By", required=False)

    def __init__(self, *args: Any, actors: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        """Offer who ever changed a rule."""
        super().__init__(*args, **kwargs)
        self.fields["by"].choices = [("", "anybody"), *actors]  # type: ignore[attr-defined] # a ChoiceField

    def wanted(self, below: str) -> VersionFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        return VersionFilter(
            name=self.cleaned_data.get("q", "").strip(),
            actor=self.cleaned_data.get("by", ""),
            below=int(below) if below.isascii() and below.isdigit() and len(below) < 19 else None,
        )


class MomentForm(forms.Form):
    """The moment to which all rules go back; to the second as a link says it, or on one's clock."""

    at = forms.CharField(max_length=40)

    def moment(self) -> datetime | None:
        """Return the moment, None where there is none."""
        said = self.cleaned_data["at"] if self.is_valid() else ""
        try:
            found = datetime.fromisoformat(said)
        except ValueError:
            return None
        return found if found.tzinfo else timezone.make_aware(found)


class BackForm(forms.Form):
    """Why rules go back, and the newest version that was seen."""

    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=300,
        help_text="Kept with every version that this makes.",
    )
    seen_version = forms.IntegerField(widget=forms.HiddenInput)

    @property
    def seen(self) -> int:
        """Return the newest version that the page showed; of a valid form."""
        return int(self.cleaned_data["seen_version"])

    @property
    def why(self) -> str:
        """Return the reason given, empty for none; of a valid form."""
        return str(self.cleaned_data["reason"])


class AskMomentForm(forms.Form):
    """Asks for a moment on the viewer's clock."""

    at = MomentField(label="As they were on")
