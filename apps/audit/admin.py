"""Admin page of the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from typing_extensions import override

from apps.audit.models import AuditEvent
from apps.audit.queries.wording import masked
from apps.core.admin_base import HistoryAdmin, model_words, pretty_json, table_of


class EntityFilter(admin.SimpleListFilter):
    """Filter by the table a change was made in; asking the trail itself would read all of it."""

    title = "entity"
    parameter_name = "entity"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Return this project's tables by their words."""
        own = (model for model in apps.get_models() if model.__module__.startswith("apps."))
        tables = ((table_of(model), model_words(model)) for model in own)
        return sorted(tables, key=lambda item: item[1])

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the changes made in the table."""
        return queryset.filter(entity=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(HistoryAdmin):
    """Who changed what, newest first; search by a row's key, an actor or a request id."""

    list_display = ("when", "actor", "action", "entity", "entity_id", "changed", "request_id")
    list_filter = ("at", EntityFilter)
    search_fields = ("entity_id__exact", "actor__exact", "request_id__exact")
    search_help_text = "A row's key, an actor such as user:manager, or a request id, in full."
    fields = (
        "at",
        "actor",
        "action",
        "entity",
        "entity_id",
        "changed",
        "old_shown",
        "new_shown",
        "request_id",
    )
    readonly_fields = ("changed", "old_shown", "new_shown")

    @admin.display(description="at", ordering="at")
    def when(self, event: AuditEvent) -> str:
        """Show the moment to the second, in the viewer's zone."""
        return f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}"

    @admin.display
    def changed(self, event: AuditEvent) -> str:
        """Show which columns an update changed."""
        old, new = event.old_values, event.new_values
        if not isinstance(old, dict) or not isinstance(new, dict):
            return ""
        return ", ".join(name for name in new if old.get(name) != new[name])

    @admin.display(description="old values")
    def old_shown(self, event: AuditEvent) -> SafeString:
        """Show the values before, one a line."""
        return pretty_json(masked(event.entity, event.old_values))

    @admin.display(description="new values")
    def new_shown(self, event: AuditEvent) -> SafeString:
        """Show the values after, one a line."""
        return pretty_json(masked(event.entity, event.new_values))
