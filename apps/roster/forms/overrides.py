"""Forms for leave, other work, swaps and extra turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from apps.core.access import Scope
from apps.roster.choices import OverrideKind
from apps.roster.effects.roster import some, span_words
from apps.roster.forms.patterns import TIME_INPUTS, hours_said
from apps.roster.forms.roster import (
    DayField,
    PersonField,
    ShiftField,
    active,
    are_reversed,
    counts,
    offer,
)
from apps.roster.models import Radiologist, RosterOverride, Shift
from apps.roster.patterns import lies_within
from apps.roster.queries.overrides import (
    away_words,
    is_ever_on,
    kept_away,
    plan_with,
    same_kind_overlapping,
)
from apps.roster.queries.places import changed_people, changed_shifts, seen_people, seen_sites
from apps.roster.queries.swaps import lacking_between
from apps.roster.words import hours_words

if TYPE_CHECKING:
    OverrideModelForm = forms.ModelForm[RosterOverride]
else:
    OverrideModelForm = forms.ModelForm

_DAYS: Mapping[str, type[forms.Field]] = {"start_date": DayField, "end_date": DayField}
_HOURS = ("start_local", "end_local")
_OF_RUN = "Only these hours of each turn, on the shift's own clock. Empty: all of it."


class OverrideForm(OverrideModelForm):
    """What leave, swaps and extra turns have in common; the instance says its kind."""

    radiologist = PersonField(queryset=Radiologist.objects.none())

    class Meta:
        model = RosterOverride
        fields: ClassVar[list[str]] = [
            *("radiologist", "start_date", "end_date", *_HOURS, "note", "status"),
        ]
        widgets: ClassVar[Mapping[str, Any]] = TIME_INPUTS
        field_classes: ClassVar[Mapping[str, Any]] = _DAYS
        labels: ClassVar[dict[str, str]] = {
            "start_date": "From",
            "end_date": "To",
            "start_local": "Hours from",
            "end_local": "Hours to",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "start_date": "The first day, by the calendar of each shift concerned.",
            "end_date": "The last day, included.",
            "start_local": _OF_RUN,
            "end_local": "Not included. Before the start: on the next day.",
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

    def _get_validation_exclusions(self) -> set[str]:
        """Let the database's own rules see the kind and the status, which the instance says."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc] # the stubs lack it
        return excluded - {"kind", "status"}

    def clean(self) -> dict[str, Any]:
        """Refuse reversed dates and a second record for the same days; then the kind's own."""
        said = super().clean() or self.cleaned_data
        is_partial = hours_said(self)
        if self.errors or are_reversed(self) or not counts(self):
            return said
        self.settle_hours(said, is_partial=is_partial)
        if self.errors:
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

    def settle_hours(self, said: dict[str, Any], *, is_partial: bool) -> None:
        """Refuse hours that are not the shift's, or settle on whose clock they are."""
        shift = said["shift"]
        part = (said["start_local"], said["end_local"])
        if is_partial and not lies_within(part, shift.start_local, shift.end_local):
            hours = hours_words(shift.start_local, shift.end_local)
            self.add_error(
                "start_local", f"{shift.code} runs {hours} in {shift.time_zone}: choose of these."
            )

    def check_kind(self) -> None:
        """Add what this kind of record must not be."""

    def refuse_away(self, name: str) -> None:
        """Add an error where the person of a field would be away all the time from a run."""
        said = self.cleaned_data
        away = kept_away(plan_with([self.instance]), self.instance)
        if away is not None:
            dates = span_words(away.start_date, away.end_date)
            self.add_error(name, f"{said[name].full_name} is {away_words(away)} {dates}.")


class LeaveForm(OverrideForm):
    """A person away from every shift, or at work that is not reading."""

    time_zone = forms.ChoiceField(label="On the clock of", required=False)

    class Meta(OverrideForm.Meta):
        fields: ClassVar[list[str]] = [
            *("radiologist", "start_date", "end_date", *_HOURS, "time_zone", "note", "status"),
        ]
        help_texts: ClassVar[dict[str, str]] = {
            **OverrideForm.Meta.help_texts,
            "start_local": "Only these hours of each day, whatever runs then. Empty: the day.",
        }

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        """Offer the zones of the viewer and of their sites for hours."""
        super().__init__(*args, scope=scope, **kwargs)
        own = self.instance.time_zone or timezone.get_current_timezone_name()
        zones = dict.fromkeys((own, *sorted({site.time_zone for site in seen_sites(scope)})))
        self.fields["time_zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined] # a ChoiceField
        self.initial["time_zone"] = own

    def settle_hours(self, said: dict[str, Any], *, is_partial: bool) -> None:
        """Keep a zone where there are hours, and none where there are not."""
        said["time_zone"] = (said["time_zone"] or self.initial["time_zone"]) if is_partial else ""

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
            *("shift", "radiologist", "taker", "start_date", "end_date", *_HOURS),
            *("note", "status"),
        ]

    def clean_taker(self) -> Radiologist:
        """Refuse somebody who is switched off, or the same person."""
        taker = active(self, "taker")
        if taker == self.cleaned_data.get("radiologist"):
            raise forms.ValidationError("Nobody swaps with themselves.")
        return taker

    def check_kind(self) -> None:
        """Refuse a taker who is away or may not read it, and to stand in for nobody."""
        self.refuse_away("taker")
        said = self.cleaned_data
        self._refuse_unfit(said)
        giver, shift = said["radiologist"], said["shift"]
        is_new = self.instance._state.adding  # noqa: SLF001 -- Django's public name for it
        if is_new and not is_ever_on(giver, shift, said["start_date"], said["end_date"]):
            self.add_error(
                "radiologist", f"{giver.full_name} is not on {shift.code} on these days."
            )

    def _refuse_unfit(self, said: Mapping[str, Any]) -> None:
        """Refuse a taker who lacks what the shift's work asks for; that is never relaxed."""
        asked = {"shift", "taker", "start_date", "end_date"}
        if "taker" not in said or not asked & set(self.changed_data):
            return
        taker, shift = said["taker"], said["shift"]
        lacks = lacking_between(taker, shift, said["start_date"], said["end_date"])
        if lacks:
            self.add_error("taker", f"{taker.full_name} may not take {shift.code}: {some(lacks)}.")


class ExtraForm(OverrideForm):
    """A person who joins a shift for some days."""

    shift = ShiftField(queryset=Shift.objects.none())

    class Meta(OverrideForm.Meta):
        fields: ClassVar[list[str]] = [
            *("shift", "radiologist", "start_date", "end_date", *_HOURS, "note", "status"),
        ]

    def clean_radiologist(self) -> Radiologist:
        """Refuse somebody who is switched off."""
        return active(self, "radiologist")

    def check_kind(self) -> None:
        """Refuse somebody who is away."""
        self.refuse_away("radiologist")


FORMS: Mapping[OverrideKind, type[OverrideForm]] = {
    OverrideKind.LEAVE: LeaveForm,
    OverrideKind.OTHER_WORK: LeaveForm,
    OverrideKind.SWAP: SwapForm,
    OverrideKind.EXTRA: ExtraForm,
}
