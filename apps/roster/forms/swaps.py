"""Forms of swaps that are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db.models import QuerySet
from typing_extensions import override

from apps.core.access import Scope
from apps.roster.choices import SwapState
from apps.roster.forms.patterns import TIME_INPUTS, hours_said
from apps.roster.forms.roster import (
    DayField,
    PersonField,
    ShiftField,
    active,
    are_reversed,
    offer,
)
from apps.roster.models import Radiologist, RosterOverride, Shift, SwapRequest
from apps.roster.patterns import lies_within
from apps.roster.queries.overrides import is_ever_on
from apps.roster.queries.places import changed_shifts, seen_people
from apps.roster.queries.plan import Run
from apps.roster.queries.swaps import (
    ANY_STATE,
    RequestFilter,
    in_the_way,
    override_of,
    same_request,
)
from apps.roster.services.swaps import ask, take
from apps.roster.words import hours_words

if TYPE_CHECKING:
    SwapModelForm = forms.ModelForm[SwapRequest]
else:
    SwapModelForm = forms.ModelForm

_DAYS: Mapping[str, type[forms.Field]] = {"start_date": DayField, "end_date": DayField}


class AskForm(SwapModelForm):
    """A reader asks that a turn of theirs be taken."""

    asked = PersonField(
        queryset=Radiologist.objects.none(),
        label="Ask",
        required=False,
        empty_label="whoever may take it",
        help_text="Only they see it, or, left open, everybody who may read all of its work.",
    )

    class Meta:
        model = SwapRequest
        fields: ClassVar[list[str]] = ["asked", "start_local", "end_local", "note"]
        widgets: ClassVar[Mapping[str, Any]] = TIME_INPUTS
        field_classes: ClassVar[Mapping[str, Any]] = _DAYS
        labels: ClassVar[dict[str, str]] = {
            "start_local": "Hours from",
            "end_local": "Hours to",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "start_local": "Only these hours of it, on the shift's own clock. Empty: all of it.",
            "end_local": "Not included.",
            "note": "Whoever is asked reads it.",
        }

    def __init__(
        self, *args: Any, people: QuerySet[Radiologist], by: str, at: datetime, **kwargs: Any
    ) -> None:
        """Offer these people, but not whoever asks."""
        super().__init__(*args, **kwargs)
        self.by, self.at = by, at
        known = people.filter(is_active=True).exclude(pk=self.instance.radiologist_id)
        offer(self, "asked", known.order_by("family_name", "pk"))

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse hours that are not the shift's, what is asked already, and who may not come."""
        said = super().clean() or self.cleaned_data
        is_partial = hours_said(self)
        if self.errors:
            return said
        for name, value in said.items():
            setattr(self.instance, name, value)
        if is_partial:
            self._check_hours()
        if same_request(self.instance) is not None:
            self.add_error(None, "A swap of this time is asked for already.")
        elif said.get("asked") is not None:
            self._check_asked(said["asked"])
        return said

    def _check_hours(self) -> None:
        shift, said = self.instance.shift, self.cleaned_data
        part = (said["start_local"], said["end_local"])
        if not lies_within(part, shift.start_local, shift.end_local):
            hours = hours_words(shift.start_local, shift.end_local)
            self.add_error(
                "start_local", f"{shift.code} runs {hours} in {shift.time_zone}: choose of these."
            )

    def _check_asked(self, person: Radiologist) -> None:
        reasons = in_the_way(self.instance, person, at=self.at)
        if reasons:
            self.add_error("asked", f"{person.full_name} {'; '.join(reasons)}.")

    @override
    def save(self, commit: bool = True) -> SwapRequest:
        """Ask."""
        return ask(self.instance, by=self.by, at=self.at)


class AskOnBehalfForm(AskForm):
    """A manager asks for somebody else."""

    shift = ShiftField(queryset=Shift.objects.none())
    radiologist = PersonField(queryset=Radiologist.objects.none(), label="Instead of")

    class Meta(AskForm.Meta):
        fields: ClassVar[list[str]] = [
            *("shift", "radiologist", "start_date", "end_date", *AskForm.Meta.fields),
        ]
        labels: ClassVar[dict[str, str]] = {
            **AskForm.Meta.labels,
            "start_date": "From",
            "end_date": "To",
        }

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        """Offer the shifts and people of the scope."""
        people = seen_people(scope)
        super().__init__(*args, people=people, **kwargs)
        offer(self, "shift", changed_shifts(scope).order_by("code"))
        named = people.filter(is_active=True).order_by("family_name", "pk")
        offer(self, "radiologist", named)

    def clean_radiologist(self) -> Radiologist:
        """Refuse somebody who is switched off."""
        return active(self, "radiologist")

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse reversed dates and somebody who is not there on these days."""
        said = self.cleaned_data
        if self.errors or are_reversed(self):
            return said
        person, shift = said["radiologist"], said["shift"]
        if not is_ever_on(person, shift, said["start_date"], said["end_date"]):
            self.add_error(
                "radiologist", f"{person.full_name} is not on {shift.code} on these days."
            )
            return said
        return super().clean()


class AcceptForm(SwapModelForm):
    """A manager names who takes what was asked for."""

    taker = PersonField(queryset=Radiologist.objects.none(), label="Comes")

    class Meta:
        model = SwapRequest
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, scope: Scope, by: str, at: datetime, **kwargs: Any) -> None:
        """Offer whom the request names, else the people of the scope."""
        super().__init__(*args, **kwargs)
        self.by, self.at = by, at
        asked = self.instance.asked_id
        people = Radiologist.objects.filter(pk=asked) if asked else seen_people(scope)
        known = people.filter(is_active=True).exclude(pk=self.instance.radiologist_id)
        offer(self, "taker", known.order_by("family_name", "pk"))
        self.initial["taker"] = asked

    def swap(self) -> RosterOverride:
        """Return the swap that the valid form would make, unsaved."""
        return override_of(self.instance, self.cleaned_data["taker"])

    @override
    def save(self, commit: bool = True) -> SwapRequest:
        """Let the person take it."""
        taker: Radiologist = self.cleaned_data["taker"]
        return take(self.instance.pk, taker_id=taker.pk, by=self.by, at=self.at)

    def clean_taker(self) -> Radiologist:
        """Refuse who may not take it."""
        taker: Radiologist = self.cleaned_data["taker"]
        reasons = in_the_way(self.instance, taker, at=self.at)
        if reasons:
            raise forms.ValidationError(f"{taker.full_name} {'; '.join(reasons)}.")
        return taker

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse what is no longer open."""
        said = super().clean() or self.cleaned_data
        if self.instance.state != SwapState.OPEN:
            self.add_error(None, f"It is {self.instance.get_state_display().lower()} already.")
        return said


class RequestFilterForm(forms.Form):
    """What the list of requests is narrowed by."""

    q = forms.CharField(
        label="Find", required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    state = forms.ChoiceField(
        required=False, choices=[("", "open"), *SwapState.choices[1:], (ANY_STATE, "any")]
    )

    def wanted(self) -> RequestFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return RequestFilter(said.get("q", "").strip(), said.get("state", ""))


def request_for(reader: Radiologist, run: Run) -> SwapRequest:
    """Return a new request, unsaved, for a reader's turn."""
    on: date = run.start_on
    return SwapRequest(shift=run.shift, radiologist=reader, start_date=on, end_date=on)
