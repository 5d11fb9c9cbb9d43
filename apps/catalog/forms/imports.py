"""Forms of the pages that bring files into the procedure table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from typing_extensions import override

from apps.catalog.choices import ImportMode
from apps.catalog.services.importing.files import LARGEST_FILE
from apps.catalog.services.importing.sheets import Sheet
from apps.catalog.services.rvu import (
    ALL_SENDERS,
    ANY_SENDER,
    PROFESSIONAL,
    Choice,
    headings,
    modifiers,
)


class TableFileForm(forms.Form):
    """A table in a file."""

    file = forms.FileField(
        label="File",
        help_text="CSV or XLSX, up to 5 MB and 20,000 rows. Of a workbook the first sheet counts.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )

    def clean_file(self) -> UploadedFile[Any]:
        """Refuse what is too large before it is read."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            raise ValidationError("The file is larger than 5 MB. Divide it.")
        return file


class ModeForm(forms.Form):
    """What a procedure file may do to what is there."""

    mode = forms.ChoiceField(
        label="What it may do",
        choices=ImportMode.choices,
        initial=ImportMode.UPDATE,
        widget=forms.RadioSelect,
        help_text="Only add leaves what is there alone. Add and update changes it; an empty cell "
        "changes nothing. Exactly so, an empty cell empties the value, and local codes that the "
        "file does not list are taken away. Procedures are never deleted.",
    )

    def options(self) -> dict[str, Any]:
        """Return the choice as the waiting file keeps it."""
        return {"mode": self.cleaned_data["mode"]}


class ProcedureFileForm(ModeForm, TableFileForm):
    """A procedure file, and what it may do."""

    field_order = ("file", "mode")


class RvuChoiceForm(forms.Form):
    """Where an RVU file keeps what, and which of its rows count."""

    first = forms.IntegerField(label="First row below the headings", min_value=1)
    code = forms.TypedChoiceField(label="Column of the code", coerce=int)
    rvu = forms.TypedChoiceField(label="Column of the RVU", coerce=int)
    modifier = forms.TypedChoiceField(
        label="Column of the modifier", coerce=int, empty_value=None, required=False
    )
    preferred = forms.ChoiceField(
        label="Modifier that counts",
        required=False,
        help_text="A code without such a row takes the row without a modifier.",
    )
    issuer = forms.ChoiceField(
        label="Whose codes they are",
        required=False,
        help_text="Procedures are found by these local codes, and by their own code.",
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        sheet: Sheet,
        choice: Choice,
        issuers: list[str],
    ) -> None:
        """Offer the file's columns and modifiers, and the issuers of local codes.

        Args:
            data: what was sent, if anything.
            sheet: the file.
            choice: what counts so far.
            issuers: of the local codes that there are.
        """
        super().__init__(data, initial=choice.stored())
        columns = list(enumerate(headings(sheet, choice.first)))
        found = modifiers(sheet, choice)
        words = dict.fromkeys((*found, choice.preferred, PROFESSIONAL))
        self._offer("code", columns)
        self._offer("rvu", columns)
        self._offer("modifier", [("", "none"), *columns])
        self._offer("preferred", [("", "none"), *((word, word) for word in words if word)])
        self._offer(
            "issuer",
            [
                (ALL_SENDERS, "every sender's"),
                (ANY_SENDER, "anybody's"),
                *((issuer, issuer) for issuer in issuers),
            ],
        )

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse one column for two things."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = [said.get(name) for name in ("code", "rvu", "modifier")]
        filled = [at for at in chosen if at is not None]
        if len(set(filled)) < len(filled):
            raise ValidationError("Code, RVU and modifier are three columns.")
        return said

    def options(self) -> dict[str, Any]:
        """Return the choice as the waiting file keeps it."""
        return Choice(**self.cleaned_data).stored()

    def _offer(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined] # a ChoiceField
