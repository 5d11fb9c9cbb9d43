"""Admin pages of what was tried out."""

from __future__ import annotations

from django.contrib import admin

from apps.core.admin_base import HistoryAdmin
from apps.core.admin_scope import EVERYWHERE_ONLY, at_site
from apps.trials.models import MovedOrder, PutAway, WhatIf


@admin.register(WhatIf)
class WhatIfAdmin(HistoryAdmin):
    """Past days replayed; asked and deleted on their own page."""

    row_scope = EVERYWHERE_ONLY
    list_display = ("name", "state", "since", "until", "made_by", "made_at")
    list_filter = ("state",)
    search_fields = ("name", "made_by")
    # The report tells of readers of every site; the page shows each viewer their own.
    exclude = ("report",)


@admin.register(PutAway)
class PutAwayAdmin(HistoryAdmin):
    """What-ifs that were deleted, and are kept a while for Undo."""

    row_scope = EVERYWHERE_ONLY
    list_display = ("whatif", "at")
    list_select_related = ("whatif",)
    search_fields = ("whatif__name",)


@admin.register(MovedOrder)
class MovedOrderAdmin(HistoryAdmin):
    """Orders that would have gone elsewhere."""

    row_scope = at_site("order__site")
    list_display = ("whatif", "order", "at")
    list_select_related = ("whatif", "order")
    search_fields = ("order__accession__exact",)
    search_help_text = "An accession, in full."
