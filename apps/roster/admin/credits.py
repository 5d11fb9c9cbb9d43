"""The admin page of other work, which is logged on the pages of shares."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin_base import HistoryAdmin
from apps.core.admin_scope import at_sites
from apps.roster.models import WorkCredit


@admin.register(WorkCredit)
class WorkCreditAdmin(HistoryAdmin):
    """Time on duty that was not spent reading."""

    row_scope = at_sites("radiologist__home_sites__site")
    list_display = ("radiologist", "kind", "start_at", "end_at", "note", "made_by")
    list_select_related = ("radiologist",)
    search_fields = ("radiologist__id", "radiologist__family_name")
    ordering = ("-start_at", "-pk")
