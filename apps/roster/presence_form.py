"""What is said of where a reader is; used by their own list and by who speaks on their behalf."""

from __future__ import annotations

from typing import Any

from django import forms
from typing_extensions import override

from apps.roster.choices import PresenceChoices
from apps.roster.presence import BUSY_MINUTES, USUALLY_BUSY

SAID = tuple(one for one in PresenceChoices if one is not PresenceChoices.UNKNOWN)


class PresenceForm(forms.Form):
    """Where a reader is; a button that says for how many minutes they are busy says both."""

    presence = forms.ChoiceField(choices=[(one.value, one.label) for one in SAID], required=False)
    busy_minutes = forms.TypedChoiceField(
        choices=[(minutes, str(minutes)) for minutes in BUSY_MINUTES],
        coerce=int,
        required=False,
        empty_value=None,
    )

    @override
    def clean(self) -> dict[str, Any]:
        """Take minutes alone as busy, and refuse a form that says nothing."""
        said = super().clean() or self.cleaned_data
        if not said.get("presence"):
            if not said.get("busy_minutes"):
                raise forms.ValidationError("Say where they are.")
            said["presence"] = PresenceChoices.BUSY.value
        said["busy_minutes"] = said.get("busy_minutes") or USUALLY_BUSY
        return said

    def said(self) -> dict[str, Any]:
        """Return what the valid form says, as ``set_presence`` takes it."""
        return {
            "presence": PresenceChoices(self.cleaned_data["presence"]),
            "busy_minutes": self.cleaned_data["busy_minutes"],
        }
