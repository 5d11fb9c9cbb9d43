"""The admin site's face, and the system's own records: versions, signs of life, due times."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django_q.admin import FailAdmin
from django_q.models import Failure, OrmQ, Schedule, Success

from apps.core.admin_base import NOTHING, HistoryAdmin, preformatted, pretty_json
from apps.core.admin_scope import ScopedAdmin
from apps.core.models import ConfigVersion, DueTime, Heartbeat, QueueTask

admin.site.site_header = "radassign"
admin.site.site_title = "radassign"
admin.site.index_title = "Administration"
admin.site.site_url = "/"
admin.site.empty_value_display = NOTHING

# The queue has a broker of our own and its scheduler is off, so these pages would be empty for
# ever, and a schedule entered there would never run. Failed tasks stay visible.
for _unused in (OrmQ, Schedule, Success, Failure):
    if admin.site.is_registered(_unused):
        admin.site.unregister(_unused)


@admin.register(Failure)
class FailureAdmin(ScopedAdmin, FailAdmin):  # type: ignore[misc] # an untyped base
    """Tasks that failed; which site they were for is not known."""


@admin.register(ConfigVersion)
class ConfigVersionAdmin(HistoryAdmin):
    """How often each area of configuration was edited."""

    list_display = ("area", "version")
    search_fields = ("area",)


@admin.register(Heartbeat)
class HeartbeatAdmin(HistoryAdmin):
    """The processes that are alive."""

    list_display = ("name", "role", "at")
    list_filter = ("role",)
    search_fields = ("name",)
    ordering = ("role", "name")
    fields = ("name", "role", "at", "details_shown")
    readonly_fields = ("details_shown",)

    @admin.display(description="details")
    def details_shown(self, heartbeat: Heartbeat) -> SafeString:
        """Show the details one a line."""
        return pretty_json(heartbeat.details)


@admin.register(DueTime)
class DueTimeAdmin(HistoryAdmin):
    """What is to happen, soonest first."""

    list_display = ("due_at", "kind", "subject")
    list_filter = ("kind", "due_at")
    search_fields = ("subject__exact",)
    ordering = ("due_at",)
    fields = ("kind", "subject", "due_at", "payload_shown")
    readonly_fields = ("payload_shown",)

    @admin.display(description="payload")
    def payload_shown(self, due: DueTime) -> SafeString:
        """Show the payload one member a line."""
        return pretty_json(due.payload)


@admin.register(QueueTask)
class QueueTaskAdmin(HistoryAdmin):
    """The nudges that wait for a cluster."""

    list_display = ("id", "cluster", "dedupe_key", "claimed_until")
    list_filter = ("cluster",)
    search_fields = ("dedupe_key__exact",)
    ordering = ("id",)
    fields = ("cluster", "dedupe_key", "claimed_until", "payload_shown")
    readonly_fields = ("payload_shown",)

    @admin.display(description="payload")
    def payload_shown(self, task: QueueTask) -> SafeString:
        """Show the signed payload as it stands in the row."""
        return preformatted(task.payload)
