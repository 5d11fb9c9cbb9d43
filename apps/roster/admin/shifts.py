"""Shifts: the work they take, the sites they serve, their hours and their people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from typing_extensions import override

from apps.catalog.words import VocabularyFields
from apps.core.admin_base import RecordAdmin, TabularInline
from apps.core.admin_scope import at_sites
from apps.roster.admin.rota import RosterOfShiftInline
from apps.roster.models import Shift, ShiftSite, ShiftWorkType

if TYPE_CHECKING:
    ShiftModelForm = forms.ModelForm[Shift]
else:
    ShiftModelForm = forms.ModelForm

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class ShiftForm(ShiftModelForm):
    """A shift with its weekdays as boxes to tick."""

    weekdays = forms.TypedMultipleChoiceField(
        choices=tuple(enumerate(_WEEKDAYS, start=1)),
        coerce=int,
        initial=[1, 2, 3, 4, 5, 6, 7],
        widget=forms.CheckboxSelectMultiple,
        help_text="The days on which the shift starts, by the calendar of its zone.",
    )


class WorkTypeInline(VocabularyFields, TabularInline):
    """The kinds of work; what is left empty is open."""

    model = ShiftWorkType
    extra = 0


class ShiftSiteInline(TabularInline):
    """The sites a shift serves."""

    model = ShiftSite
    extra = 0
    autocomplete_fields = ("site",)


@admin.register(Shift)
class ShiftAdmin(VocabularyFields, RecordAdmin):
    """A type of work with its hours; the roster says who does it."""

    row_scope = at_sites("site_rows__site")
    form = ShiftForm
    list_display = (
        "code",
        "name",
        "priority_level",
        "hours",
        "days",
        "time_zone",
        "strategy",
        "work",
        "sites",
        "is_active",
    )
    list_filter = (
        "is_active",
        "strategy",
        "priority_level",
        "time_zone",
        "work_types__modality",
        "work_types__urgency",
        "site_rows__site",
    )
    search_fields = ("code", "name", "work_types__body_part", "work_types__subspecialty")
    autocomplete_fields = ("calendar",)
    inlines = (WorkTypeInline, ShiftSiteInline, RosterOfShiftInline)
    fieldsets = (
        (None, {"fields": ("code", "name", "is_active")}),
        (
            "When",
            {
                "description": "Wall clock of the shift's zone. An end at or before the start "
                "lies on the next day; equal times are 24 hours.",
                "fields": (("start_local", "end_local"), "weekdays", "time_zone"),
            },
        ),
        ("Holidays", {"fields": (("calendar", "holiday_mode"),)}),
        ("People", {"fields": (("readers_wanted", "is_exclusive"),)}),
        (
            "What",
            {
                "description": "Add a work type below for each kind of work; a shift without one "
                "takes nothing.",
                "fields": ("priority_level", "strategy", "required_subspecialty", "all_sites"),
            },
        ),
    )

    @override
    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the shifts with what their lines show."""
        shifts = super().get_queryset(request)
        return shifts.prefetch_related("work_types", "site_rows__site")

    @override
    def save_related(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        change: bool,
    ) -> None:
        """Save the inlines; a shift that lists sites serves these, whatever the box says."""
        super().save_related(request, form, formsets, change)
        listed = Shift.objects.filter(pk=form.instance.pk, all_sites=True)
        listed.filter(site_rows__isnull=False).update(all_sites=False)

    @admin.display(ordering="start_local")
    def hours(self, shift: Shift) -> str:
        """Show start and end; "+1" is the next day."""
        next_day = "" if shift.end_local > shift.start_local else " +1"
        return f"{shift.start_local:%H:%M} to {shift.end_local:%H:%M}{next_day}"

    @admin.display
    def days(self, shift: Shift) -> str:
        """Show the weekdays of the start."""
        if len(set(shift.weekdays)) == len(_WEEKDAYS):
            return "every day"
        return " ".join(_WEEKDAYS[day - 1] for day in sorted(set(shift.weekdays)))

    @admin.display
    def work(self, shift: Shift) -> str:
        """Show the kinds of work."""
        return "; ".join(str(work) for work in shift.work_types.all()) or "none"

    @admin.display
    def sites(self, shift: Shift) -> str:
        """Show the sites served."""
        if shift.all_sites:
            return "every site"
        return ", ".join(row.site.code for row in shift.site_rows.all()) or "no site"
