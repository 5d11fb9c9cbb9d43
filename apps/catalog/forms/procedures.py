"""Forms of procedures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Upper
from typing_extensions import override

from apps.catalog.forms.lines import LinesField
from apps.catalog.models import Procedure, ProcedureAlias
from apps.catalog.queries.procedures import ProcedureFilter, body_parts, modalities
from apps.catalog.services.aliases import LocalCode, set_procedure_aliases
from apps.catalog.words import vocabulary_field

if TYPE_CHECKING:
    ProcedureModelForm = forms.ModelForm[Procedure]
else:
    ProcedureModelForm = forms.ModelForm


class ProcedureFilterForm(forms.Form):
    """What the list of procedures is narrowed by."""

    q = forms.CharField(
        label="Find", required=False, widget=forms.TextInput(attrs={"data-key": "f"})
    )
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


class LocalCodesField(LinesField):
    """Local codes, one a line: ``code``, or ``issuer | coding system | code``."""

    @override
    def normal(self, line: str) -> str:
        """Return the line with its three parts, or the code alone where it holds for all."""
        typed = super().normal(line)
        parts = [part.strip() for part in typed.split("|")]
        if not any(parts):
            return ""
        return parts[-1] if not any(parts[:-1]) else " | ".join(parts)

    @override
    def validate(self, value: Any) -> None:
        """Refuse a line that has no code, too many parts or one that is too long."""
        super().validate(value)
        wrong = [f"“{line}”: {words}" for line in value if (words := _wrong_parts(line))]
        if wrong:
            raise ValidationError(wrong)


def _wrong_parts(line: str) -> str:
    parts = [part.strip() for part in line.split("|")]
    if len(parts) not in (1, 3):
        return "write the code alone, or issuer | coding system | code."
    if not parts[-1]:
        return "the code is missing."
    if len(parts) == 3 and len(parts[1]) > _LONGEST_SYSTEM:
        return f"the coding system is longer than {_LONGEST_SYSTEM} characters."
    return ""


_LONGEST_SYSTEM = 64


def local_code(line: str) -> LocalCode:
    """Return what a checked line says."""
    *before, code = (part.strip().replace(_WRITTEN_BAR, "|") for part in line.split("|"))
    return (before[0], before[1], code) if before else ("", "", code)


def code_line(alias: ProcedureAlias) -> str:
    """Return the line that says the alias."""
    said = (alias.issuer, alias.coding_system, alias.local_code)
    parts = [part.replace("|", _WRITTEN_BAR) for part in said]
    return " | ".join(parts) if any(parts[:-1]) else parts[-1]


_WRITTEN_BAR = "\\F\\"
"""A bar within a code, written as HL7 writes it."""


class ProcedureForm(ProcedureModelForm):
    """A procedure with the sites' own codes; the words are those that the engine compares."""

    aliases = LocalCodesField(
        longest=240,
        label="Local codes",
        help_text="Codes that senders use for it, one a line: the code alone for every sender, "
        "or issuer | coding system | code. Case of the code does not count.",
    )

    class Meta:
        model = Procedure
        fields: ClassVar[list[str]] = [
            *("code", "description", "modality", "body_part", "subspecialty", "rvu"),
            *("turnaround_minutes", "default_urgency", "required_credentials"),
            *("required_subspecialty", "is_sensitive"),
        ]
        formfield_callback = vocabulary_field
        labels: ClassVar[dict[str, str]] = {
            "rvu": "RVU",
            "turnaround_minutes": "Turnaround, minutes",
            "is_sensitive": "Sensitive",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "rvu": "The weight of one study in a reader's load.",
            "required_credentials": "Separated by commas; a reader needs all of them.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the local codes that there are."""
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            codes = self.instance.aliases.order_by("issuer", "coding_system", "local_code")
            self.initial["aliases"] = [code_line(alias) for alias in codes]

    def clean_aliases(self) -> list[str]:
        """Refuse lines that another procedure has."""
        lines: list[str] = self.cleaned_data["aliases"]
        wrong = [
            f"“{line}” means the procedure {procedure} already."
            for line, procedure in self._taken(lines)
        ]
        if wrong:
            raise ValidationError(wrong)
        return lines

    @override
    def save(self, commit: bool = True) -> Procedure:
        """Save the procedure, then its local codes."""
        procedure = super().save(commit)
        if commit:
            codes = [local_code(line) for line in self.cleaned_data["aliases"]]
            set_procedure_aliases(procedure, codes)
        return procedure

    def _taken(self, lines: list[str]) -> Iterable[tuple[str, Procedure]]:
        wanted = {_key(*local_code(line)): line for line in lines}
        aliases = ProcedureAlias.objects.annotate(word=Upper("local_code"))
        others = aliases.filter(word__in=[code for _, _, code in wanted])
        others = others.exclude(procedure=self.instance.pk).select_related("procedure")
        for alias in others:
            key = _key(alias.issuer, alias.coding_system, alias.local_code)
            if key in wanted:
                yield wanted[key], alias.procedure


def _key(issuer: str, coding_system: str, code: str) -> LocalCode:
    return issuer, coding_system, code.upper()


def _any(values: list[str]) -> list[tuple[str, str]]:
    return [("", "any"), *((value, value) for value in values)]
