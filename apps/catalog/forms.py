"""Forms of the catalogue's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django import forms

from apps.catalog.models import Procedure
from apps.catalog.queries.procedures import ProcedureFilter, body_parts, modalities
from apps.catalog.words import vocabulary_field

if TYPE_CHECKING:
    ProcedureModelForm = forms.ModelForm[Procedure]
else:
    ProcedureModelForm = forms.ModelForm


class ProcedureFilterForm(forms.Form):
    """What the list of procedures is narrowed by."""

    q = forms.CharField(label="Find", required=False)
    modality = forms.ChoiceField(required=False)
    body_part = forms.ChoiceField(required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Offer the modalities and body parts that there are."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # passed through as it came
        self.fields["modality"].choices = _any(modalities())  # type: ignore[attr-defined] # a ChoiceField
        self.fields["body_part"].choices = _any(body_parts())  # type: ignore[attr-defined] # a ChoiceField

    def wanted(self) -> ProcedureFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return ProcedureFilter(
            words=said.get("q", "").strip(),
            modality=said.get("modality", ""),
            body_part=said.get("body_part", ""),
        )


class ProcedureForm(ProcedureModelForm):
    """A procedure; the words are those that the engine compares."""

    class Meta:
        model = Procedure
        fields: ClassVar[list[str]] = [
            *("code", "description", "modality", "body_part", "subspecialty", "rvu"),
            *("turnaround_minutes", "default_urgency", "required_credentials"),
            *("required_subspecialty", "is_sensitive"),
        ]
        formfield_callback = vocabulary_field
        help_texts: ClassVar[dict[str, str]] = {
            "rvu": "The weight of one study in a reader's load.",
            "required_credentials": "Separated by commas; a reader needs all of them.",
        }


def _any(values: list[str]) -> list[tuple[str, str]]:
    return [("", "any"), *((value, value) for value in values)]
