"""Forms of codes that nobody has mapped yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from typing_extensions import override

from apps.catalog.models import Procedure
from apps.catalog.words import vocabulary_field
from apps.intake.models import UnknownCode
from apps.intake.queries.code_plan import Answer, unfit
from apps.intake.queries.codes import CodeFilter, IssuerCodes, meanings

if TYPE_CHECKING:
    ProcedureModelForm = forms.ModelForm[Procedure]
else:
    ProcedureModelForm = forms.ModelForm

MOST_AT_ONCE = 200
_HIGHEST_KEY = 2**63 - 1
_TARGET = re.compile(r"(?P<id>\d{1,18})|new (?P<modality>\w{1,16}) (?P<part>\w{0,32})")
_NOT_SET_ASIDE, _SET_ASIDE = "", "aside"


class CodeFilterForm(forms.Form):
    """What the list of unknown codes is narrowed by."""

    q = forms.CharField(
        label="Code or words", required=False, widget=forms.TextInput(attrs={"data-key": "f"})
    )
    issuer = forms.ChoiceField(required=False)
    modality = forms.ChoiceField(required=False)
    show = forms.ChoiceField(
        required=False, choices=[(_NOT_SET_ASIDE, "to be mapped"), (_SET_ASIDE, "set aside")]
    )

    def __init__(
        self, asked: QueryDict, *, issuers: Sequence[IssuerCodes], modalities: Sequence[str]
    ) -> None:
        """Offer what there is."""
        super().__init__(asked)
        named = [(row.issuer, row.issuer) for row in issuers if row.issuer]
        self.fields["issuer"].choices = [("", "any"), *named]  # type: ignore[attr-defined] # a ChoiceField
        seen = [(modality, modality) for modality in modalities]
        self.fields["modality"].choices = [("", "any"), *seen]  # type: ignore[attr-defined] # a ChoiceField

    def wanted(self) -> CodeFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return CodeFilter(
            issuer=said.get("issuer", ""),
            words=said.get("q", "").strip(),
            modality=said.get("modality", ""),
            is_set_aside=said.get("show", "") == _SET_ASIDE,
        )


def chosen_codes(sent: QueryDict) -> list[int]:
    """Return the codes that a form names: of the button pressed, all close ones, or the ticked."""
    ticked = sent.getlist("close") if sent.get("preview") == "close" else sent.getlist("code")
    asked = sent.getlist("one") or ticked
    numbers = (int(word) for word in asked if re.fullmatch(r"[0-9]{1,19}", word))
    known = dict.fromkeys(number for number in numbers if number <= _HIGHEST_KEY)
    return list(known)[:MOST_AT_ONCE]


def answers(sent: QueryDict) -> list[Answer]:
    """Return what the chosen codes shall mean; one without a meaning is left out.

    ``to-7`` says it of code 7: a procedure's key, or ``new``, modality and body part.
    """
    said = ((code, _TARGET.fullmatch(sent.get(f"to-{code}", ""))) for code in chosen_codes(sent))
    return [_answer(code, found) for code, found in said if found is not None]


def _answer(code: int, said: re.Match[str]) -> Answer:
    if said["id"]:
        return Answer(code, int(said["id"]))
    return Answer(code, None, said["modality"], said["part"])


class NewProcedureForm(ProcedureModelForm):
    """A procedure that is added for a sender's code, with the code as its local code."""

    class Meta:
        model = Procedure
        fields: ClassVar[list[str]] = [
            *("code", "description", "modality", "body_part", "subspecialty", "rvu"),
            *("turnaround_minutes", "default_urgency"),
        ]
        formfield_callback = vocabulary_field
        labels: ClassVar[dict[str, str]] = {
            "rvu": "RVU",
            "turnaround_minutes": "Turnaround, minutes",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "rvu": "The weight of one study in a reader's load."
        }

    def __init__(self, *args: Any, row: UnknownCode, **kwargs: Any) -> None:
        """Add it for this code."""
        super().__init__(*args, **kwargs)
        self.row = row

    @override
    def clean(self) -> dict[str, Any] | None:
        """Refuse a code that is known by now, or that cannot be a local code."""
        cleaned = super().clean()
        meant = meanings([self.row]).get(self.row.pk)
        if meant is not None:
            raise ValidationError(f"“{self.row.code}” means {meant} already.")
        if problem := unfit(self.row):
            raise ValidationError(problem)
        return cleaned
