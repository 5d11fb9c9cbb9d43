"""Who is on which shift when: roster rows, leave, swaps and extra turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import CSV, XLSX
from import_export.forms import ExportForm
from typing_extensions import override

from apps.core.admin_base import RecordAdmin, TabularInline
from apps.core.admin_scope import at_sites
from apps.roster.admin.roster_file import RosterResource
from apps.roster.choices import RosterStatus
from apps.roster.models import RosterAssignment, RosterOverride

if TYPE_CHECKING:
    RosterForm = forms.ModelForm[RosterAssignment]
    RosterFormSet = forms.BaseInlineFormSet[Any, Any, Any]
else:
    RosterForm = forms.ModelForm
    RosterFormSet = forms.BaseInlineFormSet

_PERSON = ("radiologist__id", "radiologist__family_name", "radiologist__given_name")


class RosterRowForm(RosterForm):
    """One row among others that are saved with it.

    Overlap is left to the formset: compared with the stored rows, a row that is shortened and
    the one that follows it would be refused although together they fit.
    """

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc] # no stub
        return {*excluded, "shift"}


class RosterRowsFormSet(RosterFormSet):
    """All rows of one shift or person, which must not overlap with each other."""

    @override
    def clean(self) -> None:
        """Name the first two rows of each shift and person that share a day."""
        super().clean()
        for form in _overlapping(self._active_forms()):
            form.add_error(
                "start_date", "This radiologist is on this shift on some of these dates already."
            )

    def _active_forms(self) -> Iterator[Any]:
        for form in self.forms:
            data = {} if form.errors else getattr(form, "cleaned_data", {})
            if data.get("status") == RosterStatus.ACTIVE and not data.get("DELETE"):
                yield form


def _overlapping(forms_: Iterable[Any]) -> Iterator[Any]:
    ordered = sorted(forms_, key=lambda form: _key(form.instance))
    for earlier, later in pairwise(ordered):
        one, two = earlier.instance, later.instance
        is_same = (one.shift_id, one.radiologist_id) == (two.shift_id, two.radiologist_id)
        if is_same and two.start_date <= (one.end_date or date.max):
            yield later


def _key(row: RosterAssignment) -> tuple[int, str, date]:
    return (row.shift_id or 0, row.radiologist_id or "", row.start_date)


class _RosterInline(TabularInline):
    model = RosterAssignment
    form = RosterRowForm
    formset = RosterRowsFormSet
    extra = 0
    ordering = ("start_date",)


class RosterOfPersonInline(_RosterInline):
    """The shifts that a person is on."""

    autocomplete_fields = ("shift",)
    fields = ("shift", "start_date", "end_date", "status")


class RosterOfShiftInline(_RosterInline):
    """The people who are on a shift."""

    autocomplete_fields = ("radiologist",)
    fields = ("radiologist", "start_date", "end_date", "status")


class OverrideInline(TabularInline):
    """A person's leave, swaps and extra turns."""

    model = RosterOverride
    fk_name = "radiologist"
    extra = 0
    autocomplete_fields = ("shift", "taker")


@admin.register(RosterAssignment)
class RosterAdmin(ImportExportModelAdmin, RecordAdmin):  # type: ignore[misc] # an untyped base
    """The roster, with import and export as CSV or XLSX; an import shows its effect first."""

    row_scope = at_sites("shift__site_rows__site")
    resource_classes = (RosterResource,)
    # XLSX needs openpyxl; without it the choice is not offered.
    formats = tuple(made for made in (CSV, XLSX) if made.is_available())
    # The page that selects columns works by inline script, which our policy forbids.
    export_form_class = ExportForm
    list_display = ("shift", "radiologist", "start_date", "end_date", "status")
    list_filter = ("status", "start_date", "end_date", "shift")
    list_select_related = ("shift", "radiologist")
    date_hierarchy = "start_date"
    search_fields = ("shift__code", "shift__name", *_PERSON)
    autocomplete_fields = ("shift", "radiologist")
    fieldsets = (
        (
            None,
            {
                "description": "Every run of the shift that starts on one of these days, both "
                "included, by the calendar of the shift's zone. Without an end date it goes on.",
                "fields": ("shift", "radiologist", ("start_date", "end_date"), "status"),
            },
        ),
    )

    @override
    def has_import_permission(self, request: HttpRequest) -> bool:
        """Allow an import to those who could enter the same rows one by one."""
        is_allowed = self.has_add_permission(request) and self.has_change_permission(request)
        # A file may name any shift, so it takes who may change the roster of every site.
        return is_allowed and self.change_scope(request).everywhere

    @override
    def has_export_permission(self, request: HttpRequest) -> bool:
        """Allow an export to those who see the roster."""
        return bool(self.has_view_permission(request))


@admin.register(RosterOverride)
class OverrideAdmin(RecordAdmin):
    """Leave, swaps and extra turns of everybody."""

    row_scope = at_sites("radiologist__home_sites__site")
    list_display = ("kind", "radiologist", "shift", "taker", "start_date", "end_date", "status")
    list_filter = ("kind", "status", "start_date", "shift")
    list_select_related = ("radiologist", "shift", "taker")
    date_hierarchy = "start_date"
    search_fields = ("note", "shift__code", "taker__id", *_PERSON)
    autocomplete_fields = ("radiologist", "shift", "taker")
    fieldsets = (
        (
            None,
            {
                "description": "Leave covers every shift and names none. A swap puts the taker "
                "in the radiologist's place on one shift. An extra turn adds the radiologist to "
                "a shift.",
                "fields": (
                    "kind",
                    "radiologist",
                    "shift",
                    "taker",
                    ("start_date", "end_date"),
                    "status",
                    "note",
                ),
            },
        ),
    )
