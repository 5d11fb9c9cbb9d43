"""Proposed rosters, in the back room; they are made, mended and published on their own pages."""

from __future__ import annotations

from django.contrib import admin

from apps.core.access import Scope
from apps.core.admin_base import HistoryAdmin, HistoryInline
from apps.core.admin_scope import Rows, RowScope
from apps.roster.models import DraftProgress, DraftTurn, RosterDraft
from apps.roster.queries.drafting.drafts import drafts


def _drafts(rows: Rows, scope: Scope) -> Rows:
    return rows.filter(pk__in=drafts(scope).values("pk"))


def _turns(rows: Rows, scope: Scope) -> Rows:
    return rows.filter(draft__in=drafts(scope).values("pk"))


class DraftProgressInline(HistoryInline):
    """What the solver said last."""

    model = DraftProgress


@admin.register(RosterDraft)
class RosterDraftAdmin(HistoryAdmin):
    """Who asked for which roster, and what came of it."""

    row_scope = RowScope(path="site", limiter=_drafts)
    list_display = ("name", "site", "start_date", "end_date", "state", "made_by", "made_at")
    list_filter = ("state",)
    list_select_related = ("site",)
    search_fields = ("name",)
    inlines = (DraftProgressInline,)


@admin.register(DraftTurn)
class DraftTurnAdmin(HistoryAdmin):
    """Who a proposed roster puts where."""

    row_scope = RowScope(path="draft__site", limiter=_turns)
    list_display = ("draft", "on", "shift", "radiologist", "is_fixed")
    list_filter = ("is_fixed",)
    list_select_related = ("draft", "shift", "radiologist")
    search_fields = ("=draft__name", "=radiologist__id", "=shift__code")
