"""The form in which a person says what an unknown name means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms

from apps.roster.choices import NameKind
from apps.roster.importing.names import Directory, Known, label
from apps.roster.importing.sources import Confirmed
from apps.roster.models import Radiologist, Shift

_LATER, _IGNORE, _OTHER = "", "ignore", "other"


class NameForm(forms.Form):
    """What one unknown name means."""

    kind = forms.ChoiceField(choices=NameKind.choices, widget=forms.HiddenInput)
    text = forms.CharField(max_length=200, strip=False, widget=forms.HiddenInput)
    means = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    other = forms.CharField(required=False, max_length=200)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        prefix: str,
        known: Known,
        kind: str = "",
        text: str = "",
    ) -> None:
        """Offer the guesses for a name, the name itself as the form was sent or as given."""
        super().__init__(data, prefix=prefix, initial={"kind": kind, "text": text})
        said = data or {}
        self.of_kind = str(said.get(f"{prefix}-kind", kind))
        self.name = str(said.get(f"{prefix}-text", text))
        self._directory: Directory[Any] = (
            known.shifts if self.of_kind == NameKind.SHIFT else known.people
        )
        guesses = self._directory.guesses(self.name)
        self.fields["means"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            *((f"is:{guess.pk}", label(guess)) for guess in guesses),
            (_OTHER, "another:"),
            (_IGNORE, "nobody and nothing; leave it out"),
            (_LATER, "not now"),
        ]
        self.fields["means"].initial = _LATER
        where = "shifts" if self.of_kind == NameKind.SHIFT else "people"
        self.fields["other"].widget.attrs |= {"list": where, "aria-label": f"{self.name} is"}
        self.fields["means"].label = f"“{self.name}” is"

    def clean(self) -> dict[str, Any]:
        """Find who or what was typed."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        typed = str(said.get("other", "")).strip()
        if said.get("means") == _OTHER or (typed and not said.get("means")):
            said["record"] = self._typed(typed)
            if said["record"] is None:
                self.add_error("other", "Choose one from the list.")
        elif str(said.get("means", "")).startswith("is:"):
            said["record"] = self._of_key(said["means"].removeprefix("is:"))
        return said

    def confirmed(self) -> Confirmed | None:
        """Return what was said, None where it was left for later."""
        said = self.cleaned_data
        record = said.get("record")
        if record is None and said.get("means") != _IGNORE:
            return None
        kind = NameKind(said["kind"])
        return Confirmed(
            kind,
            said["text"],
            radiologist=record if isinstance(record, Radiologist) else None,
            shift=record if isinstance(record, Shift) else None,
        )

    def _typed(self, typed: str) -> Radiologist | Shift | None:
        for record in self._records():
            if typed in {str(record.pk), label(record), getattr(record, "code", None)}:
                return record
        found = self._directory.meaning(typed)
        return None if found is None else cast("Radiologist | Shift | None", found.record)

    def _of_key(self, key: str) -> Radiologist | Shift | None:
        return next((record for record in self._records() if str(record.pk) == key), None)

    def _records(self) -> list[Radiologist | Shift]:
        return list(self._directory.records.values())
