"""Who is on which shift when: roster rows, rotations, gaps, leave, swaps and extra turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import CSV, XLSX
from import_export.forms import ExportForm
from typing_extensions import override

from apps.core.access import Permission, Scope
from apps.core.admin_base import HistoryAdmin, RecordAdmin, TabularInline
from apps.core.admin_scope import Rows, RowScope, at_sites
from apps.core.guard import access_of
from apps.roster.admin.roster_file import RosterResource
from apps.roster.choices import RosterStatus
from apps.roster.models import (
    PlannedGap,
    RosterAssignment,
    RosterOverride,
    Rotation,
    RotationTurn,
    SwapRequest,
)
from apps.roster.queries.places import changed_overrides, seen_overrides

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


class _OfPersonInline(TabularInline):
    """Rows of a person on shifts of any site: only for those who may there.

    The person's page asks about the person's own sites alone, and never about a shift's.
    """

    @override
    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Show the rows to those who see the roster of every site."""
        return access_of(request).scope(Permission.ROSTER_VIEW).everywhere

    @override
    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Let those add who change the roster of every site."""
        return _changes_everywhere(request)

    @override
    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Let those change who change the roster of every site."""
        return _changes_everywhere(request)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Let those delete who change the roster of every site."""
        return _changes_everywhere(request)


def _changes_everywhere(request: HttpRequest) -> bool:
    return access_of(request).scope(Permission.ROSTER_CHANGE).everywhere


class _RosterInline(TabularInline):
    model = RosterAssignment
    form = RosterRowForm
    formset = RosterRowsFormSet
    extra = 0
    ordering = ("start_date",)


class RosterOfPersonInline(_OfPersonInline, _RosterInline):
    """The shifts that a person is on."""

    autocomplete_fields = ("shift",)
    fields = ("shift", "start_date", "end_date", "status")


class RosterOfShiftInline(_RosterInline):
    """The people who are on a shift."""

    autocomplete_fields = ("radiologist",)
    fields = ("radiologist", "start_date", "end_date", "status")


class OverrideInline(_OfPersonInline):
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
    list_display = (
        *("shift", "radiologist", "start_date", "end_date", "weekdays", "every_weeks"),
        "status",
    )
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
                "fields": (
                    *("shift", "radiologist", ("start_date", "end_date")),
                    *(("weekdays", "every_weeks"), "status"),
                ),
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


def _seen_overrides(rows: Rows, scope: Scope) -> Rows:
    return rows.filter(pk__in=seen_overrides(scope).values("pk"))


@admin.register(RosterOverride)
class OverrideAdmin(RecordAdmin):
    """Leave, swaps and extra turns of everybody."""

    row_scope = RowScope(path="radiologist__home_sites__site", limiter=_seen_overrides)
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
                "description": "Leave and other work cover every shift and name none. A swap puts "
                "the taker in the radiologist's place on one shift. An extra turn adds the radiologist to "
                "a shift.",
                "fields": (
                    "kind",
                    "radiologist",
                    "shift",
                    "taker",
                    ("start_date", "end_date"),
                    ("start_local", "end_local", "time_zone"),
                    "status",
                    "note",
                ),
            },
        ),
    )

    @override
    def may_change_row(self, request: HttpRequest, row: Model | None) -> bool:
        """Ask about the shift where the record names one, about the person where it is leave."""
        scope = self.change_scope(request)
        if row is None or not scope:
            return super().may_change_row(request, row)
        return changed_overrides(scope).filter(pk=row.pk).exists()


class RotationTurnInline(TabularInline):
    """Who takes turns, in order."""

    model = RotationTurn
    extra = 1
    autocomplete_fields = ("radiologist",)


@admin.register(Rotation)
class RotationAdmin(RecordAdmin):
    """People who take turns on a shift; the product's own page keeps the past."""

    row_scope = at_sites("shift__site_rows__site")
    list_display = ("shift", "name", "start_date", "end_date", "unit", "length", "status")
    list_filter = ("status", "unit", "shift")
    list_select_related = ("shift",)
    search_fields = ("name", "shift__code", "shift__name", "turns__radiologist__id")
    autocomplete_fields = ("shift",)
    inlines = (RotationTurnInline,)


@admin.register(PlannedGap)
class PlannedGapAdmin(RecordAdmin):
    """Days on which nobody is meant to be on a shift."""

    row_scope = at_sites("shift__site_rows__site")
    list_display = ("shift", "start_date", "end_date", "weekdays", "reason")
    list_filter = ("start_date", "shift")
    list_select_related = ("shift",)
    search_fields = ("reason", "shift__code", "shift__name")
    autocomplete_fields = ("shift",)


@admin.register(SwapRequest)
class SwapRequestAdmin(HistoryAdmin):
    """Who asked that a turn be taken and what became of it; answered on the product's pages."""

    row_scope = at_sites("shift__site_rows__site")
    list_display = ("shift", "radiologist", "asked", "start_date", "end_date", "state", "made_at")
    list_filter = ("state",)
    list_select_related = ("shift", "radiologist", "asked")
    search_fields = ("shift__code__exact", "radiologist__id__exact")
