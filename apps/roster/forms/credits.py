"""The form in which other work is logged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from apps.core.validators import validate_year
from apps.roster.choices import CreditKind
from apps.roster.models import WorkCredit

if TYPE_CHECKING:
    CreditModelForm = forms.ModelForm[WorkCredit]
else:
    CreditModelForm = forms.ModelForm

OWN_DAYS = 7
_LONGEST = timedelta(hours=24)
_AHEAD = timedelta(days=1)
_FORMAT = "%Y-%m-%dT%H:%M"


def _moment_input() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_FORMAT)


class WorkCreditForm(CreditModelForm):
    """Time on duty that was not spent reading; the instance says whose."""

    class Meta:
        model = WorkCredit
        fields: ClassVar[list[str]] = ["kind", "start_at", "end_at", "note"]
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "start_at": _moment_input(),
            "end_at": _moment_input(),
        }
        labels: ClassVar[dict[str, str]] = {"start_at": "From", "end_at": "Until"}
        help_texts: ClassVar[dict[str, str]] = {
            "start_at": "On your own clock. Only the part on duty counts.",
            "note": "What it was, for whoever looks at the share. No patients, please.",
        }

    def __init__(self, *args: Any, at: datetime, is_own: bool, **kwargs: Any) -> None:
        """Take the moment, and whether a reader logs their own."""
        super().__init__(*args, **kwargs)
        self._at, self._is_own = at, is_own
        for name in ("start_at", "end_at"):
            self.fields[name].validators.append(validate_year)
        is_busy = self.instance.kind == CreditKind.BUSY
        kinds = [one for one in CreditKind.choices if is_busy or one[0] != CreditKind.BUSY]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined] # a ChoiceField

    def clean(self) -> dict[str, Any]:
        """Refuse what lies too far back or ahead, or lasts longer than a day."""
        said = super().clean() or self.cleaned_data
        start, end = said.get("start_at"), said.get("end_at")
        if start is None or end is None:
            return said
        if end <= start:
            raise ValidationError({"end_at": "The end lies before the start."})
        if end - start > _LONGEST:
            raise ValidationError({"end_at": "It lasts longer than 24 hours; log it in parts."})
        if end > self._at + _AHEAD:
            raise ValidationError({"end_at": "It lies more than a day ahead."})
        if self._is_own and start < self._at - timedelta(days=OWN_DAYS):
            raise ValidationError(
                {"start_at": f"It lies over {OWN_DAYS} days back; ask a manager to log it."}
            )
        return said
