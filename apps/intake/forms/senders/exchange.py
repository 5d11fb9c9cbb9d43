"""The form that takes a file of sender profiles."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import File
from typing_extensions import override

from apps.intake.services.profiles.exchange import MOST_BYTES


class ImportForm(forms.Form):
    """A file, or its text; ``seen`` is the plan that was shown before it is applied."""

    file = forms.FileField(
        label="File", required=False, widget=forms.FileInput({"accept": ".json,application/json"})
    )
    text = forms.CharField(
        label="Or its text",
        required=False,
        strip=False,
        max_length=MOST_BYTES,
        widget=forms.Textarea({"rows": 8, "class": "code", "spellcheck": "false"}),
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    @override
    def clean(self) -> dict[str, Any]:
        """Read the file, where one was chosen."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("file"):
            said["text"] = _text_of(said["file"])
        if not said.get("text", "").strip() and not self.errors:
            raise ValidationError("Choose a file, or paste its text.")
        return said


def _text_of(file: File[bytes]) -> str:
    if (file.size or 0) > MOST_BYTES:
        raise ValidationError(f"The file is longer than {MOST_BYTES // 1024} KB.")
    try:
        text: str = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValidationError("The file is not written in UTF-8.") from None
    return text
