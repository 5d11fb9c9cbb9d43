"""What the list of what ends soon is narrowed by."""

from __future__ import annotations

from django import forms

from apps.assignment.queries.expiry import Wanted

_DAYS = (30, 60, 90, 180)
_USUALLY = 90


class ExpiryForm(forms.Form):
    """How far to look ahead, and at what."""

    days = forms.TypedChoiceField(
        label="Within",
        choices=[(days, f"{days} days") for days in _DAYS],
        coerce=int,
        required=False,
        empty_value=None,
        initial=_USUALLY,
    )
    kind = forms.ChoiceField(
        label="What",
        required=False,
        choices=[
            ("", "any"),
            ("credential", "credentials"),
            ("licence", "licences"),
            ("privilege", "privileges"),
        ],
    )

    def wanted(self, person: str = "") -> Wanted:
        """Return the filter; what was asked for and does not exist narrows nothing.

        Args:
            person: the id of whom alone to look at, empty for everybody.
        """
        self.is_valid()
        said = self.cleaned_data
        return Wanted(said.get("days") or _USUALLY, said.get("kind", ""), person)
