"""Forms of planned gaps: a shift that is meant to be empty for some days."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from typing_extensions import override

from apps.core.access import Scope
from apps.roster.forms.patterns import WeekdaysField
from apps.roster.forms.roster import DayField, ShiftField, are_reversed, offer
from apps.roster.models import PlannedGap, Shift
from apps.roster.queries.places import changed_shifts

if TYPE_CHECKING:
    GapModelForm = forms.ModelForm[PlannedGap]
else:
    GapModelForm = forms.ModelForm


class GapForm(GapModelForm):
    """Days on which nobody is meant to be on a shift, and why."""

    shift = ShiftField(queryset=Shift.objects.none())
    weekdays = WeekdaysField()

    class Meta:
        model = PlannedGap
        fields: ClassVar[list[str]] = ["shift", "start_date", "end_date", "weekdays", "reason"]
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {
            "start_date": DayField,
            "end_date": DayField,
        }
        labels: ClassVar[dict[str, str]] = {"start_date": "From", "end_date": "To"}
        help_texts: ClassVar[dict[str, str]] = {
            "start_date": "The first day on which a turn starts, by the shift's own calendar.",
            "end_date": "The last such day, included. Empty: no end.",
            "reason": "Whoever sees the gap reads it, such as “covered by the day team”.",
        }

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        """Offer the shifts of the scope; a gap that begins on a day is that day's at first."""
        super().__init__(*args, **kwargs)
        offer(self, "shift", changed_shifts(scope).order_by("code"))
        is_new = self.instance._state.adding  # noqa: SLF001 -- Django's public name for it
        if is_new and "start_date" in self.initial:
            self.initial.setdefault("end_date", self.initial["start_date"])

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse reversed dates."""
        said = super().clean() or self.cleaned_data
        if not self.errors:
            are_reversed(self)
        return said


class EndGapForm(GapModelForm):
    """The last day of a planned gap."""

    end_date = DayField(label="Last day", help_text="Included.")

    class Meta:
        model = PlannedGap
        fields: ClassVar[list[str]] = ["end_date"]

    def clean_end_date(self) -> date:
        """Refuse an end before the start."""
        last_on: date = self.cleaned_data["end_date"]
        if last_on < self.instance.start_date:
            raise forms.ValidationError("It lies before the first day; delete the gap instead.")
        return last_on
