"""A field of several values, one a line."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from typing_extensions import override


class LinesField(forms.CharField):
    """Text of which each line is a value; empty lines and repeats do not count."""

    def __init__(self, *, longest: int, rows: int = 4, **kwargs: Any) -> None:
        """Take lines of up to ``longest`` characters."""
        widget = forms.Textarea(attrs={"rows": rows, "spellcheck": "false", "autocomplete": "off"})
        super().__init__(widget=widget, strip=False, required=False, **kwargs)
        self._longest = longest

    @override
    def prepare_value(self, value: Any) -> Any:
        """Return the text for the box; what was typed is shown as it was typed."""
        return "\n".join(value) if isinstance(value, list) else value

    @override
    def to_python(self, value: Any) -> Any:
        """Return the values, each once, whatever their case."""
        lines = (self.normal(line) for line in (super().to_python(value) or "").splitlines())
        found: dict[str, str] = {}
        for line in filter(None, lines):
            found.setdefault(line.upper(), line)
        return list(found.values())

    def normal(self, line: str) -> str:
        """Return a line as it is kept."""
        return " ".join(line.split())

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the values differ; blank lines and order are no difference."""
        return sorted(initial or ()) != sorted(self.to_python(data))

    @override
    def validate(self, value: Any) -> None:
        """Refuse a line that is too long, or that the database cannot hold."""
        super().validate(value)
        wrong = [f"“{line[:20]}…” is too long." for line in value if len(line) > self._longest]
        wrong += ["A line holds a null character." for line in value if "\x00" in line][:1]
        if wrong:
            raise ValidationError(wrong)
