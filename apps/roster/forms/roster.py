"""Forms that put somebody on a shift, change the dates, and take them off."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from apps.core.access import Scope
from apps.core.validators import validate_year
from apps.roster.choices import RosterStatus
from apps.roster.effects.roster import span_words
from apps.roster.forms.patterns import EveryWeeksField, WeekdaysField
from apps.roster.models import Radiologist, RosterAssignment, RosterOverride, Shift
from apps.roster.queries.places import changed_shifts, seen_people
from apps.roster.queries.records import covers
from apps.roster.queries.roster import overlapping
from apps.roster.services.roster import cut, without_days

if TYPE_CHECKING:
    RowModelForm = forms.ModelForm[RosterAssignment]
    RecordForm = forms.ModelForm[Any]
    PersonChoice = forms.ModelChoiceField[Radiologist]
    ShiftChoice = forms.ModelChoiceField[Shift]
else:
    RowModelForm = RecordForm = forms.ModelForm
    PersonChoice = ShiftChoice = forms.ModelChoiceField


class PersonField(PersonChoice):
    """One of the people of a scope, by name; who is switched off is said to be."""

    def label_from_instance(self, obj: Radiologist) -> str:
        """Return the family name first, as the list is sorted."""
        return person_words(obj)


def person_words(person: Radiologist) -> str:
    """Return a person as lists to choose from name them, the family name first."""
    names = ", ".join(filter(None, (person.family_name, person.given_name)))
    return f"{names} ({person.pk})" + ("" if person.is_active else ", switched off")


class ShiftField(ShiftChoice):
    """One of the shifts of a scope, by code."""

    def label_from_instance(self, obj: Shift) -> str:
        """Return code and name."""
        return f"{obj.code} {obj.name}" + ("" if obj.is_active else ", switched off")


class DateInput(forms.DateInput):
    """A date that the browser helps with."""

    input_type = "date"

    def __init__(self) -> None:
        """Write it as browsers expect it."""
        super().__init__(format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day of a department's: a year that a slip of the fingers makes, such as 0026, is refused."""

    widget = DateInput
    default_validators = [validate_year]  # noqa: RUF012 -- Django's


class RosterRowForm(RowModelForm):
    """A person on a shift from a date on."""

    shift = ShiftField(queryset=Shift.objects.none())
    radiologist = PersonField(queryset=Radiologist.objects.none())
    weekdays = WeekdaysField()
    every_weeks = EveryWeeksField()

    class Meta:
        model = RosterAssignment
        fields: ClassVar[list[str]] = [
            *("shift", "radiologist", "start_date", "end_date", "weekdays", "every_weeks"),
            "status",
        ]
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {
            "start_date": DayField,
            "end_date": DayField,
        }
        labels: ClassVar[dict[str, str]] = {"start_date": "From", "end_date": "To"}
        help_texts: ClassVar[dict[str, str]] = {
            "start_date": "The first day on which a turn starts, by the shift's own calendar.",
            "end_date": "The last such day; a night goes on into the next. Empty: no end.",
        }

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        """Offer the shifts and people of the scope, and whoever the row names already."""
        super().__init__(*args, **kwargs)
        offer(self, "shift", changed_shifts(scope).order_by("code"))
        people = seen_people(scope) | Radiologist.objects.filter(pk=self.instance.radiologist_id)
        offer(self, "radiologist", people.order_by("-is_active", "family_name", "pk"))
        if self.instance._state.adding:  # noqa: SLF001 -- Django's public name for it
            del self.fields["status"]

    def clean_radiologist(self) -> Radiologist:
        """Refuse somebody who is switched off, unless they are on already."""
        return active(self, "radiologist")

    def clean(self) -> dict[str, Any]:
        """Refuse dates that are reversed, and name the row that they overlap with."""
        said = super().clean() or self.cleaned_data
        if not self.errors and not are_reversed(self) and counts(self):
            other = overlapping(self._as_said())
            if other is not None:
                dates = span_words(other.start_date, other.end_date)
                self.add_error(
                    "start_date",
                    f"{said['radiologist'].full_name} is on {said['shift'].code} {dates} already. "
                    "Change that row, or choose days that it leaves free.",
                )
        return said

    def _get_validation_exclusions(self) -> set[str]:
        """Let the constraint see the status of a new row, which has no field."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc] # no stub
        return excluded - {"status"}

    def _as_said(self) -> RosterAssignment:
        names = ("shift", "radiologist", "start_date", "end_date")
        return RosterAssignment(
            pk=self.instance.pk, **{name: self.cleaned_data[name] for name in names}
        )


class TakeOffForm(RecordForm):
    """Takes somebody off for some days: their row, swap or extra turn is cut there."""

    first_on = DayField(label="Off from")
    last_on = DayField(
        label="Off until",
        required=False,
        help_text="The last day off. Empty: for good.",
    )

    class Meta:
        fields: ClassVar[list[str]] = []

    def clean(self) -> dict[str, Any]:
        """Refuse reversed dates, and days on which they are not meant to be there."""
        said = super().clean() or self.cleaned_data
        if self.errors or are_reversed(self, "first_on", "last_on"):
            return said
        record = self.instance
        if not covers(record, said["first_on"]) or record.status != RosterStatus.ACTIVE:
            dates = span_words(record.start_date, record.end_date)
            self.add_error("first_on", f"It holds {dates} only.")
        return said

    def parts(self) -> list[Any]:
        """Return what is left of the record, unsaved."""
        said = self.cleaned_data
        return without_days(self.instance, said["first_on"], said["last_on"])

    def save(self, commit: bool = True) -> RosterAssignment | RosterOverride:  # noqa: ARG002, FBT001, FBT002 -- Django's signature
        """Cut the record."""
        record: RosterAssignment | RosterOverride = self.instance
        return cut(record, self.cleaned_data["first_on"], self.cleaned_data["last_on"])


class TakeOffRowForm(TakeOffForm):
    """Cuts a roster row."""

    class Meta(TakeOffForm.Meta):
        model = RosterAssignment


class TakeOffOverrideForm(TakeOffForm):
    """Cuts leave, a swap or an extra turn."""

    class Meta(TakeOffForm.Meta):
        model = RosterOverride


def offer(form: RecordForm, name: str, queryset: QuerySet[Any]) -> None:
    """Give a field its choices."""
    form.fields[name].queryset = queryset  # type: ignore[attr-defined] # a ModelChoiceField


def counts(form: RecordForm) -> bool:
    """Return whether the record will count; what has no status is new, so it does."""
    status: str = form.cleaned_data.get("status", RosterStatus.ACTIVE)
    return status == RosterStatus.ACTIVE


def active(form: RecordForm, name: str) -> Radiologist:
    """Return the person chosen.

    Raises:
        ValidationError: they are switched off, and are chosen only now.
    """
    person: Radiologist = form.cleaned_data[name]
    if not person.is_active and person.pk != form.initial.get(name):
        raise ValidationError(f"{person.full_name} is switched off and gets no work.")
    return person


def are_reversed(form: RecordForm, first: str = "start_date", last: str = "end_date") -> bool:
    """Return whether the last day lies before the first, and say so at the field."""
    said = form.cleaned_data
    first_on, last_on = said.get(first), said.get(last)
    if not isinstance(first_on, date) or not isinstance(last_on, date) or first_on <= last_on:
        return False
    form.add_error(last, f"The last day lies before the first, {span_words(first_on, first_on)}.")
    return True
