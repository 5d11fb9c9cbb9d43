"""Fields for weekdays, weeks and hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from typing_extensions import override

from apps.roster.patterns import weeks_words
from apps.roster.words import WEEKDAYS

_MOST_WEEKS = 12


class TimeInput(forms.TimeInput):
    """A time of day that the browser helps with."""

    input_type = "time"

    def __init__(self) -> None:
        """Write it as browsers expect it."""
        super().__init__(format="%H:%M")


class WeekdaysField(forms.TypedMultipleChoiceField):
    """Some weekdays, as ISO numbers in order; none are all."""

    def __init__(self, *, help_text: str = "None ticked: all on which the shift runs.") -> None:
        """Offer Monday to Sunday."""
        super().__init__(
            choices=tuple(enumerate(WEEKDAYS, start=1)),
            coerce=int,
            required=False,
            empty_value=[],
            label="On",
            widget=forms.CheckboxSelectMultiple,
            help_text=help_text,
        )

    @override
    def clean(self, value: Any) -> list[int]:
        """Return the days in order; all of them are none, said shorter."""
        days = sorted(set(super().clean(value)))
        return [] if len(days) == len(WEEKDAYS) else days


class EveryWeeksField(forms.TypedChoiceField):
    """Every how many weeks something comes round."""

    def __init__(self) -> None:
        """Offer every week to every twelfth."""
        super().__init__(
            choices=[(weeks, weeks_words(weeks)) for weeks in range(1, _MOST_WEEKS + 1)],
            coerce=int,
            required=False,
            empty_value="1",
            initial=1,
            label="How often",
            help_text="Weeks, Monday to Sunday, are counted from that of the first day.",
        )

    @override
    def clean(self, value: Any) -> int:
        """Return the number of weeks; nothing said is every week."""
        return int(super().clean(value))

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether it differs; nothing said is every week."""
        return super().has_changed(initial, data or 1)


TIME_INPUTS: Mapping[str, Callable[[], forms.Widget]] = {
    "start_local": TimeInput,
    "end_local": TimeInput,
}


def hours_said(form: forms.ModelForm[Any]) -> bool:
    """Return whether the form names hours, and add an error where it names one end only."""
    start, end = (form.cleaned_data.get(name) for name in ("start_local", "end_local"))
    if (start is None) != (end is None):
        missing = "start_local" if start is None else "end_local"
        form.add_error(missing, ValidationError("Hours have a start and an end."))
        return False
    return start is not None
