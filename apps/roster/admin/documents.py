"""Documents that prove competencies, in the back room; they are opened on the person's page."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin_base import HistoryAdmin
from apps.core.admin_scope import at_sites
from apps.roster.models import CompetencyDocument, DocumentContent


@admin.register(CompetencyDocument)
class CompetencyDocumentAdmin(HistoryAdmin):
    """Which documents there are, and who brought them."""

    row_scope = at_sites("radiologist__home_sites__site")
    list_display = ("name", "radiologist", "content_type", "size", "uploaded_at", "uploaded_by")
    list_filter = ("content_type",)
    list_select_related = ("radiologist",)
    search_fields = ("name", "=radiologist__id")


@admin.register(DocumentContent)
class DocumentContentAdmin(HistoryAdmin):
    """That the bytes are there; not what is in them, and they may be several people's."""

    exclude = ("content",)
    list_display = ("digest",)
    search_fields = ("=digest",)
