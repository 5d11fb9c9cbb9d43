"""Forms for leave, swaps and extra turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db.models import QuerySet

from apps.core.access import Scope
from apps.roster.choices import OverrideKind
from apps.roster.effects.roster import span_words
from apps.roster.forms.roster import (
    DateInput,
    PersonField,
    ShiftField,
    active,
    are_reversed,
    counts,
    offer,
)
from apps.roster.models import Radiologist, RosterOverride, Shift
from apps.roster.queries.overrides import is_ever_on, leave_of, same_kind_overlapping
from apps.roster.queries.places import changed_people, changed_shifts, seen_people

if TYPE_CHECKING:
    OverrideModelForm = forms.ModelForm[RosterOverride]
else:
    OverrideModelForm = forms.ModelForm

_DATES: Mapping[str, Callable[[], forms.Widget]] = {"start_date": DateInput, "end_date": DateInput}


class OverrideForm(OverrideModelForm):
    """What leave, swaps and extra turns have in common; the instance says its kind."""

    radiologist = PersonField(queryset=Radiologist.objects.none())

    class Meta:
        model = RosterOverride
        fields: ClassVar[list[str]] = ["radiologist", "start_date", "end_date", "note", "status"]
        widgets: ClassVar[Mapping[str, Any]] = _DATES
        labels: ClassVar[dict[str, str]] = {"start_date": "From", "end_date": "To"}
        help_texts: ClassVar[dict[str, str]] = {
            "start_date": "The first day, by the calendar of each shift concerned.",
            "end_date": "The last day, included.",
        }

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        """Offer the shifts and people of the scope, and whoever it names already."""
        super().__init__(*args, **kwargs)
        named = [self.instance.radiologist_id, self.instance.taker_id]
        for name in {"radiologist", "taker"} & set(self.fields):
            people = self.people(scope) | Radiologist.objects.filter(pk__in=filter(None, named))
            offer(self, name, people.order_by("-is_active", "family_name", "pk"))
        if "shift" in self.fields:
            offer(self, "shift", changed_shifts(scope).order_by("code"))
        if self.instance._state.adding:  # noqa: SLF001 -- Django's public name for it
            del self.fields["status"]

    def people(self, scope: Scope) -> QuerySet[Radiologist]:
        """Return who may be chosen."""
        return seen_people(scope)

    def clean(self) -> dict[str, Any]:
        """Refuse reversed dates and a second record for the same days; then the kind's own."""
        said = super().clean() or self.cleaned_data
        if self.errors or are_reversed(self) or not counts(self):
            return said
        for name, value in said.items():
            setattr(self.instance, name, value)
        other = same_kind_overlapping(self.instance)
        if other is not None:
            dates = span_words(other.start_date, other.end_date)
            self.add_error("start_date", f"There is such a record {dates} already.")
        else:
            self.check_kind()
        return said

    def check_kind(self) -> None:
        """Add what this kind of record must not be."""

    def refuse_leave(self, name: str) -> None:
        """Add an error where the person of a field is on leave on some of the days."""
        said = self.cleaned_data
        leave = leave_of(said[name], said["start_date"], said["end_date"])
        if leave is not None:
            dates = span_words(leave.start_date, leave.end_date)
            self.add_error(name, f"{said[name].full_name} is on leave {dates}.")


class LeaveForm(OverrideForm):
    """A person away from every shift."""

    def people(self, scope: Scope) -> QuerySet[Radiologist]:
        """Return those whose every site is the scope's: leave takes them from all of them."""
        return changed_people(scope)


class SwapForm(OverrideForm):
    """A person who takes another's place on one shift."""

    shift = ShiftField(queryset=Shift.objects.none())
    radiologist = PersonField(queryset=Radiologist.objects.none(), label="Instead of")
    taker = PersonField(queryset=Radiologist.objects.none(), label="Comes")

    class Meta(OverrideForm.Meta):
        fields: ClassVar[list[str]] = [
            *("shift", "radiologist", "taker", "start_date", "end_date", "note", "status"),
        ]

    def clean_taker(self) -> Radiologist:
        """Refuse somebody who is switched off, or the same person."""
        taker = active(self, "taker")
        if taker == self.cleaned_data.get("radiologist"):
            raise forms.ValidationError("Nobody swaps with themselves.")
        return taker

    def check_kind(self) -> None:
        """Refuse a taker on leave, and to stand in for somebody who is not there."""
        self.refuse_leave("taker")
        said = self.cleaned_data
        giver, shift = said["radiologist"], said["shift"]
        is_new = self.instance._state.adding  # noqa: SLF001 -- Django's public name for it
        if is_new and not is_ever_on(giver, shift, said["start_date"], said["end_date"]):
            self.add_error(
                "radiologist", f"{giver.full_name} is not on {shift.code} on these days."
            )


class ExtraForm(OverrideForm):
    """A person who joins a shift for some days."""

    shift = ShiftField(queryset=Shift.objects.none())

    class Meta(OverrideForm.Meta):
        fields: ClassVar[list[str]] = [
            *("shift", "radiologist", "start_date", "end_date", "note", "status"),
        ]

    def clean_radiologist(self) -> Radiologist:
        """Refuse somebody who is switched off."""
        return active(self, "radiologist")

    def check_kind(self) -> None:
        """Refuse somebody on leave."""
        self.refuse_leave("radiologist")


FORMS: Mapping[OverrideKind, type[OverrideForm]] = {
    OverrideKind.LEAVE: LeaveForm,
    OverrideKind.SWAP: SwapForm,
    OverrideKind.EXTRA: ExtraForm,
}
