"""Admin pages of places and procedures."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from typing_extensions import override

from apps.catalog.models import (
    CalendarDay,
    Cluster,
    HolidayCalendar,
    Procedure,
    ProcedureAlias,
    Site,
    SiteAlias,
    UnitTable,
    UnitValue,
    WaitingFile,
)
from apps.catalog.words import VocabularyFields
from apps.core.access import Permission
from apps.core.admin_base import HistoryAdmin, RecordAdmin, TabularInline
from apps.core.admin_scope import FOR_ALL, RowScope, at_site
from apps.core.guard import access_of


class SiteAliasInline(TabularInline):
    """What senders call the site, on the site's own page."""

    model = SiteAlias
    extra = 1


class SiteInline(TabularInline):
    """The sites of a cluster; each is edited on its own page."""

    model = Site
    fields = ("code", "name", "time_zone", "is_active")
    readonly_fields = ("code", "name", "time_zone", "is_active")
    extra = 0
    can_delete = False
    show_change_link = True

    @override
    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: a site needs more than fits in a line."""
        return False

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Site]:
        """Return the sites that the viewer sees; others of the cluster may be none of theirs."""
        scope = access_of(request).scope(Permission.SITE_VIEW)
        return scope.limit(super().get_queryset(request), "pk")


class CalendarDayInline(TabularInline):
    """The department's own days, on the calendar's page."""

    model = CalendarDay
    extra = 1


class ProcedureAliasInline(TabularInline):
    """The sites' own codes, on the procedure's page."""

    model = ProcedureAlias
    extra = 1


@admin.register(Cluster)
class ClusterAdmin(RecordAdmin):
    """Groups of sites that help each other out first."""

    row_scope = RowScope("sites", is_many=True, new_everywhere=True)
    list_display = ("code", "name")
    search_fields = ("code", "name")
    inlines = (SiteInline,)


@admin.register(Site)
class SiteAdmin(RecordAdmin):
    """Where exams are made, and what a reader needs to read for them."""

    row_scope = RowScope("pk", new_everywhere=True)
    list_display = (
        "code",
        "name",
        "cluster",
        "time_zone",
        "jurisdiction",
        "requires_licence",
        "requires_privilege",
        "is_active",
    )
    list_filter = ("is_active", "cluster", "time_zone", "requires_licence", "requires_privilege")
    list_select_related = ("cluster",)
    search_fields = ("code", "name", "aliases__value")
    autocomplete_fields = ("cluster", "calendar")
    inlines = (SiteAliasInline,)
    fieldsets = (
        (None, {"fields": ("code", "name", "cluster", "time_zone", "calendar", "is_active")}),
        (
            "Who may read for this site",
            {
                "description": "A licence is for the jurisdiction, a privilege for the site. "
                "Both are entered on the radiologist's page, and never relaxed by a rule.",
                "fields": ("jurisdiction", "requires_licence", "requires_privilege"),
            },
        ),
    )


@admin.register(HolidayCalendar)
class HolidayCalendarAdmin(RecordAdmin):
    """Public holidays of a region, with the department's own closures."""

    row_scope = FOR_ALL
    list_display = ("code", "name", "country", "subdivision")
    list_filter = ("country",)
    search_fields = ("code", "name")
    inlines = (CalendarDayInline,)


@admin.register(SiteAlias)
class SiteAliasAdmin(RecordAdmin):
    """Every alias of every site, to find whose a name is."""

    row_scope = at_site()
    list_display = ("value", "site")
    list_filter = ("site",)
    list_select_related = ("site",)
    search_fields = ("value", "site__code", "site__name")
    ordering = ("value",)
    autocomplete_fields = ("site",)


@admin.register(Procedure)
class ProcedureAdmin(VocabularyFields, RecordAdmin):
    """The procedure table; what an order does not say itself is taken from here."""

    row_scope = FOR_ALL
    list_display = (
        "code",
        "description",
        "modality",
        "body_part",
        "subspecialty",
        "rvu",
        "default_urgency",
        "is_sensitive",
    )
    list_filter = ("modality", "body_part", "subspecialty", "default_urgency", "is_sensitive")
    search_fields = ("code", "description", "aliases__local_code")
    inlines = (ProcedureAliasInline,)
    fieldsets = (
        (None, {"fields": ("code", "description", "modality", "body_part", "subspecialty")}),
        (
            "Work",
            {
                "description": "RVU is the weight of one study in a reader's load.",
                "fields": ("rvu", "turnaround_minutes", "default_urgency"),
            },
        ),
        (
            "Who may read it",
            {
                "description": "Credentials, separated by commas, are all needed. A required "
                "subspecialty filters readers; without one it only scores them.",
                "fields": ("required_credentials", "required_subspecialty", "is_sensitive"),
            },
        ),
    )


@admin.register(ProcedureAlias)
class ProcedureAliasAdmin(RecordAdmin):
    """Every local code, to find what it stands for."""

    row_scope = FOR_ALL
    list_display = ("local_code", "procedure", "issuer", "coding_system")
    list_filter = ("issuer", "coding_system")
    list_select_related = ("procedure",)
    search_fields = ("local_code", "procedure__code", "procedure__description")
    autocomplete_fields = ("procedure",)
    ordering = ("local_code",)


@admin.register(WaitingFile)
class WaitingFileAdmin(HistoryAdmin):
    """Files that somebody sent and has not applied yet."""

    row_scope = FOR_ALL
    list_display = ("name", "kind", "owner", "sent_at")
    list_filter = ("kind",)
    search_fields = ("name", "owner__exact")
    fields = ("name", "kind", "owner", "sent_at", "options")


@admin.register(UnitTable)
class UnitTableAdmin(HistoryAdmin):
    """What studies count for; versions are made on the pages of units."""

    row_scope = FOR_ALL
    list_display = ("name", "version", "unit", "from_date", "per_rvu", "reason")
    search_fields = ("name", "unit")


@admin.register(UnitValue)
class UnitValueAdmin(HistoryAdmin):
    """The lines of the unit tables."""

    row_scope = FOR_ALL
    list_display = ("table", "procedure", "modality", "body_part", "units")
    list_select_related = ("table", "procedure")
    search_fields = ("procedure__code", "modality", "body_part")
