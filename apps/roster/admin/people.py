"""Radiologists and what they have on hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from typing_extensions import override

from apps.catalog.words import VocabularyFields
from apps.core import clock
from apps.core.admin_base import HistoryAdmin, RecordAdmin, TabularInline, model_words
from apps.core.admin_scope import at_sites
from apps.roster.admin.competencies import CredentialInline, LicenceInline, PrivilegeInline
from apps.roster.admin.rota import OverrideInline, RosterOfPersonInline
from apps.roster.choices import PresenceChoices
from apps.roster.models import Radiologist, RadiologistSite, Workload
from apps.roster.services.presence import set_presence


class HomeSiteInline(TabularInline):
    """The sites whose managers look after the person; none listed: every site's."""

    model = RadiologistSite
    extra = 0
    autocomplete_fields = ("site",)


@admin.register(Radiologist)
class RadiologistAdmin(VocabularyFields, RecordAdmin):
    """A reader with everything that decides what they may read and when."""

    row_scope = at_sites("home_sites__site")
    list_display = (
        "id",
        "full_name",
        "specialties_shown",
        "seniority_years",
        "open_now",
        "max_concurrent_studies",
        "max_studies_per_hour",
        "presence",
        "is_active",
    )
    list_filter = (
        "is_active",
        "workload__presence",
        "licences__jurisdiction",
        "credentials__name",
    )
    list_select_related = ("workload",)
    search_fields = ("id", "family_name", "given_name", "specialties", "contact")
    autocomplete_fields = ("user",)
    inlines = (
        HomeSiteInline,
        CredentialInline,
        LicenceInline,
        PrivilegeInline,
        RosterOfPersonInline,
        OverrideInline,
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "id",
                    ("title", "given_name", "family_name"),
                    "user",
                    ("contact", "email"),
                )
            },
        ),
        (
            "Reading",
            {
                "description": "Specialties, separated by commas, score a reader; where a "
                "procedure or shift requires one they also filter.",
                "fields": ("specialties", "seniority_years", "is_active"),
            },
        ),
        (
            "Limits",
            {
                "description": "A reader at a limit gets nothing new. STAT and escalated studies "
                "may pass the hourly limits, never the concurrent ones. RVU limits are optional.",
                "fields": (
                    ("max_concurrent_studies", "max_concurrent_rvu"),
                    ("max_studies_per_hour", "max_rvu_per_hour"),
                ),
            },
        ),
        (
            "Targets",
            {
                "description": "The roster is compared with them; what is empty is not looked at.",
                "fields": (
                    ("target_hours_per_week", "target_rvu_per_week"),
                    "min_rest_hours",
                ),
            },
        ),
    )

    @override
    def get_readonly_fields(
        self, request: HttpRequest, obj: Radiologist | None = None
    ) -> tuple[str, ...]:
        """Keep the id once it is used: changing a primary key would make a second person."""
        return ("id",) if obj else ()

    @override
    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Let the workload row go with its person, although nobody may delete it alone."""
        listed, counts, needed, protected = super().get_deleted_objects(objs, request)
        return listed, counts, needed - {model_words(Workload)}, protected

    @admin.display(description="name", ordering="family_name")
    def full_name(self, radiologist: Radiologist) -> str:
        """Show the name in reading order."""
        return radiologist.full_name

    @admin.display(description="specialties")
    def specialties_shown(self, radiologist: Radiologist) -> str:
        """Show the specialties as words."""
        return ", ".join(radiologist.specialties)

    @admin.display(description="open")
    def open_now(self, radiologist: Radiologist) -> int:
        """Show how many studies are open now."""
        return radiologist.workload.open_studies

    @admin.display(ordering="workload__presence")
    def presence(self, radiologist: Radiologist) -> str:
        """Show where the person is."""
        return radiologist.workload.get_presence_display()


@admin.register(Workload)
class WorkloadAdmin(HistoryAdmin):
    """Counts that only the assignment services write; a person may set the presence."""

    row_scope = at_sites("radiologist__home_sites__site")
    list_display = (
        "radiologist",
        "presence",
        "busy_until",
        "open_stat",
        "open_urgent",
        "open_routine",
        "open_rvu",
        "last_assigned_at",
    )
    list_filter = ("presence",)
    list_select_related = ("radiologist",)
    search_fields = ("radiologist__id", "radiologist__family_name", "radiologist__given_name")
    ordering = ("radiologist",)
    fields = (
        "radiologist",
        ("presence", "busy_until"),
        ("heard_at", "last_activity_at"),
        ("open_stat", "open_urgent", "open_routine", "open_rvu"),
        "last_assigned_at",
    )
    readonly_fields = (
        "radiologist",
        "busy_until",
        "heard_at",
        "last_activity_at",
        "open_stat",
        "open_urgent",
        "open_routine",
        "open_rvu",
        "last_assigned_at",
    )

    @override
    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Allow what the role allows; all but the presence is read-only."""
        row = obj if isinstance(obj, Model) else None
        return super(HistoryAdmin, self).has_change_permission(request, row)

    @override
    def save_model(self, request: HttpRequest, obj: Workload, form: Any, change: bool) -> None:
        """Say the presence alone: a decision may have changed the counts since they were read."""
        said = PresenceChoices(obj.presence)
        if "presence" in form.changed_data and said is not PresenceChoices.UNKNOWN:
            set_presence(radiologist_id=obj.pk, presence=said, at=clock.now(), by_themselves=False)
