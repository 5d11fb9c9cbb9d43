"""The form in which a copy of a message is edited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from apps.hl7v2.redraft import Redraft, UnwritableError
from apps.intake.models import InboundMessage
from apps.intake.policies import EDITED_BYTES, EDITED_LINES


class CopyForm(forms.Form):
    """One segment a line; ``raw`` is what it spells once it is valid."""

    text = forms.CharField(
        label="One segment a line",
        strip=False,
        max_length=EDITED_BYTES,
        widget=forms.Textarea(
            attrs={"rows": 20, "spellcheck": "false", "autocomplete": "off", "wrap": "off"}
        ),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, message: InboundMessage) -> None:
        """Begin with the message's own text."""
        self._redraft = Redraft(bytes(message.raw))
        super().__init__(data, initial={"text": self._redraft.text})

    def clean_text(self) -> bytes:
        """Return the bytes that the text spells."""
        text: str = self.cleaned_data["text"]
        if text.count("\n") > EDITED_LINES:
            raise forms.ValidationError(f"At most {EDITED_LINES} lines.")
        try:
            return self._redraft.rebuild(text)
        except UnwritableError as error:
            raise forms.ValidationError(str(error)) from error

    @property
    def raw(self) -> bytes:
        """Return the copy."""
        written: bytes = self.cleaned_data["text"]
        return written
