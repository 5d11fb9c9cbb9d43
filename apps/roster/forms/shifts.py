"""What is typed on the shifts' pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from typing_extensions import override

from apps.catalog.choices import UrgencyChoices
from apps.catalog.models import Site
from apps.catalog.queries.calendars import shared_calendar
from apps.catalog.words import (
    BodyPartField,
    ModalityField,
    SubspecialtyField,
    vocabulary_field,
)
from apps.core.access import Scope
from apps.engine.rota import ShiftFacts, WorkType
from apps.roster.choices import HolidayModeChoices
from apps.roster.effects.shifts import ShiftEdit
from apps.roster.effects.staffing import Staffing
from apps.roster.forms.groups import Group, group, site_choices
from apps.roster.forms.rows import RowForm, RowsField, RowsWidget
from apps.roster.models import Shift, ShiftWorkType, every_weekday
from apps.roster.queries import shifts as queries
from apps.roster.queries.turns import facts_of, hours_of
from apps.roster.services.parts import Row, add_sites, drop_sites, save_parts
from apps.roster.words import WEEKDAYS, work_words

if TYPE_CHECKING:
    ShiftModelForm = forms.ModelForm[Shift]
else:
    ShiftModelForm = forms.ModelForm

_WORK = ("modality", "body_part", "subspecialty", "urgency")
_LIKE_ANY_DAY = (None, "", HolidayModeChoices.RUNS)
_STATES = (
    ("", "any"),
    ("running", "running now"),
    ("bare", "running with nobody"),
    ("on", "active"),
    ("off", "switched off"),
)


class ShiftFilterForm(forms.Form):
    """What the list of shifts is narrowed by."""

    q = forms.CharField(label="Find", required=False, widget=forms.TextInput({"type": "search"}))
    site = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    modality = forms.ChoiceField(required=False)
    state = forms.ChoiceField(required=False, choices=_STATES)

    def __init__(self, data: Mapping[str, Any], *, scope: Scope) -> None:
        """Offer the viewer's sites and the modalities that there are."""
        super().__init__(data)
        self.fields["site"].choices = site_choices(scope)  # type: ignore[attr-defined] # a ChoiceField
        known = [(code, code) for code in queries.modalities()]
        self.fields["modality"].choices = [("", "any"), *known]  # type: ignore[attr-defined] # a ChoiceField

    def wanted(self) -> queries.ShiftFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return queries.ShiftFilter(
            words=said.get("q", "").strip(),
            site=said.get("site"),
            modality=said.get("modality", ""),
            state=said.get("state", ""),
        )


class WorkForm(RowForm):
    """One kind of work; what is left empty is open."""

    modality = ModalityField(required=False, max_length=16)
    body_part = BodyPartField(required=False, max_length=32)
    subspecialty = SubspecialtyField(required=False, max_length=64)
    urgency = forms.ChoiceField(required=False, choices=[("", "any"), *UrgencyChoices.choices])

    @override
    def words(self, values: Mapping[str, Any]) -> str:
        """Return the kind of work as the list names it."""
        return work_words(WorkType(**values))


class ShiftForm(ShiftModelForm):
    """A shift with its work and its sites.

    Who may not speak for every site gives a shift none but their own.
    """

    weekdays = forms.TypedMultipleChoiceField(
        choices=tuple(enumerate(WEEKDAYS, start=1)),
        coerce=int,
        initial=every_weekday,
        widget=forms.CheckboxSelectMultiple,
        help_text="The days on which it starts, by the calendar of its zone.",
    )
    everything = forms.BooleanField(
        required=False, label="All work", help_text="Whatever the modality, part and urgency."
    )
    work_types = RowsField(
        label="Kinds of work",
        required=False,
        widget=RowsWidget(WorkForm, add_label="Add a kind of work"),
        help_text="A study that fits any of them is taken; what is left empty is open. Body part "
        "and subspecialty are alternatives.",
    )
    sites = forms.ModelMultipleChoiceField(
        Site.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Shift
        fields: ClassVar[list[str]] = [
            *("code", "name", "is_active", "start_local", "end_local", "time_zone", "weekdays"),
            *("calendar", "holiday_mode", "all_sites", "required_subspecialty"),
            *("readers_wanted", "is_exclusive", "priority_level", "strategy"),
        ]
        formfield_callback = vocabulary_field
        labels: ClassVar[dict[str, str]] = {
            "start_local": "From",
            "end_local": "To",
            "all_sites": "Every site",
            "priority_level": "Level",
            "is_active": "Active",
            "calendar": "Holiday calendar",
            "holiday_mode": "On its days off",
            "readers_wanted": "Readers wanted",
            "is_exclusive": "Whoever is on it is on no other shift at the same time",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "code": "ZRA-3 and rules name it by this.",
            "end_local": "At or before the start: on the next day; equal: 24 hours.",
            "all_sites": "Also those that are added later.",
            "strategy": "How one of those who may is chosen.",
            "calendar": "Public holidays and closures; none: every day is like any other.",
            "holiday_mode": "",
            "readers_wanted": "On each turn; with fewer it counts as a gap. 0: may be empty.",
            "is_exclusive": "Another shift at the same time is named as a clash before saving.",
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "start_local": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "end_local": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "time_zone": forms.TextInput(attrs={"list": "zones"}),
        }

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        """Edit a shift at the sites of the scope."""
        super().__init__(*args, **kwargs)
        self._is_new = self.instance.pk is None
        self._code = "" if self._is_new else self.instance.code
        self._before = self._facts_before()
        self._was = Staffing(self.instance.readers_wanted, self.instance.is_exclusive)
        known = queries.sites_in(scope)
        self.zones = queries.zones(known)
        self.fields["sites"].queryset = known  # type: ignore[attr-defined] # a ModelMultipleChoiceField
        self.fields["sites"].widget.attrs["class"] = "choices"
        if not scope.everywhere:
            del self.fields["all_sites"]
            self.instance.all_sites = False
            self.fields["sites"].required = True
        # The vocabulary's fields bring a help text of their own.
        self.fields["required_subspecialty"].help_text = "Who lacks it gets nothing on this shift."
        self._show_parts()

    def _facts_before(self) -> ShiftFacts | None:
        is_running = not self._is_new and self.instance.is_active
        return facts_of(self.instance) if is_running else None

    def _show_parts(self) -> None:
        if self._is_new:
            if len(self.zones) == 1:
                self.initial["time_zone"] = self.zones[0]
            self.initial["calendar"] = shared_calendar(self.fields["sites"].queryset)  # type: ignore[attr-defined] # a ModelMultipleChoiceField
            return
        rows = [_row_of(row) for row in self.instance.work_types.order_by("pk")]
        self.initial["everything"] = any(_is_everything(row) for row in rows)
        self.initial["work_types"] = [row for row in rows if not _is_everything(row)]
        placed = self.instance.site_rows.select_related("site").order_by("site__code")
        self.initial["sites"] = [row.site for row in placed]
        self._everything_id = next((row.id for row in rows if _is_everything(row)), None)

    _everything_id: int | None = None

    @property
    def groups(self) -> Sequence[Group]:
        """Return the fields as the page lays them out."""
        return [
            group(self, "", "code", "name", "is_active"),
            group(self, "Hours", "start_local", "end_local", "time_zone", "weekdays"),
            group(self, "Holidays", "calendar", "holiday_mode"),
            group(self, "Work", "everything", "work_types", "required_subspecialty"),
            group(self, "Sites", "all_sites", "sites"),
            group(self, "People", "readers_wanted", "is_exclusive"),
            group(self, "Choice", "priority_level", "strategy"),
        ]

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse a shift without work or without a site, and holidays of no calendar."""
        said = super().clean() or self.cleaned_data
        if said.get("calendar") is None and said.get("holiday_mode") not in _LIKE_ANY_DAY:
            self.add_error("calendar", "Choose the calendar whose days off count.")
        if not said.get("everything") and said.get("work_types") == []:
            self.add_error("work_types", "Name a kind of work, or tick all work.")
        if said.get("all_sites"):
            said["sites"] = Site.objects.none()
        elif "sites" in said and not said["sites"]:
            self.add_error("sites", ValidationError("Choose at least one site."))
        return said

    def work(self) -> list[Row]:
        """Return the valid form's kinds of work."""
        rows = list(self.cleaned_data["work_types"])
        if self.cleaned_data["everything"]:
            rows.append(Row(self._everything_id, dict.fromkeys(_WORK, "")))
        return rows

    def edit(self) -> ShiftEdit:
        """Return what the valid form would change."""
        return ShiftEdit(self.instance, self._code, self._before, self._facts_after(), self._was)

    def _facts_after(self) -> ShiftFacts | None:
        if not self.instance.is_active:
            return None
        sites = frozenset(site.code for site in self.cleaned_data["sites"])
        return replace(
            hours_of(self.instance),
            work_types=tuple(WorkType(**row.values) for row in self.work()),
            sites=None if self.instance.all_sites else sites,
        )

    @override
    @transaction.atomic
    def save(self, commit: bool = True) -> Shift:
        """Save the shift with its work and sites."""
        sites = self.cleaned_data["sites"]
        if not self._is_new:
            drop_sites(self.instance.site_rows.all(), sites)
        shift: Shift = super().save(commit)
        save_parts(shift.work_types.all(), self.work(), shift=shift)
        add_sites(shift.site_rows.all(), sites, shift=shift)
        return shift


def _row_of(row: ShiftWorkType) -> Row:
    values = {name: getattr(row, name) for name in _WORK}
    return Row(row.pk, values, work_words(WorkType(**values)))


def _is_everything(row: Row) -> bool:
    return not any(row.values.values())
