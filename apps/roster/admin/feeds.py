"""Rosters from elsewhere and published calendars, in the back room."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from typing_extensions import override

from apps.core.access import Scope
from apps.core.admin_base import HistoryAdmin, HistoryInline, RecordAdmin
from apps.core.admin_scope import Rows, RowScope, at_site
from apps.roster.models import (
    CalendarFeed,
    CalendarUse,
    RosterName,
    RosterSource,
    RosterSourceState,
)
from apps.roster.queries.calendars import seen_calendars


def _calendars(rows: Rows, scope: Scope) -> Rows:
    return rows.filter(pk__in=seen_calendars(scope).values("pk"))


@admin.register(RosterSource)
class RosterSourceAdmin(RecordAdmin):
    """Files and feeds that roster rows come from; how each is read is chosen on its own page."""

    row_scope = at_site()
    list_display = ("name", "kind", "site", "is_enabled", "every_minutes", "applies_itself")
    list_filter = ("kind", "is_enabled", "site")
    list_select_related = ("site",)
    search_fields = ("name",)
    formfield_overrides: ClassVar[dict[Any, Any]] = {models.URLField: {"assume_scheme": "https"}}
    autocomplete_fields = ("site",)

    @override
    def get_exclude(self, request: HttpRequest, obj: RosterSource | None = None) -> Any:
        """Show the address to those alone who may change it: it may let its reader in."""
        is_theirs = self.has_change_permission(request, obj) or self.has_add_permission(request)
        return () if is_theirs else ("url",)


@admin.register(RosterSourceState)
class RosterSourceStateAdmin(HistoryAdmin):
    """How each source fares; what it holds is shown on its own page."""

    row_scope = at_site("source__site")
    exclude = ("content", "events")
    list_display = ("source", "tried_at", "good_at", "applied_at", "due_at", "error")
    list_select_related = ("source",)
    search_fields = ("=source__name",)


@admin.register(RosterName)
class RosterNameAdmin(RecordAdmin):
    """What names in rosters from elsewhere mean."""

    row_scope = at_site("source__site")
    list_display = ("text", "kind", "radiologist", "shift", "is_ignored", "source")
    list_filter = ("kind", "is_ignored")
    list_select_related = ("radiologist", "shift", "source")
    search_fields = ("text", "radiologist__id", "shift__code")
    autocomplete_fields = ("radiologist", "shift", "source")


class CalendarUseInline(HistoryInline):
    """When a calendar was read last."""

    model = CalendarUse


@admin.register(CalendarFeed)
class CalendarFeedAdmin(HistoryAdmin):
    """Published calendars; made and revoked on their own page, so that the secret is shown once."""

    row_scope = RowScope(path="site", limiter=_calendars)
    exclude = ("digest",)
    list_display = ("id", "kind", "radiologist", "shift", "site", "cluster", "made_by", "made_at")
    list_filter = ("kind",)
    list_select_related = ("radiologist", "shift", "site", "cluster")
    search_fields = ("=id",)
    inlines = (CalendarUseInline,)
