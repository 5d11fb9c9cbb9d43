"""Admin pages of assignments, the unassigned queue and the ledger; all of it is history."""

from __future__ import annotations

import zlib
from typing import Any, Protocol

from django.contrib import admin
from django.db.models import F, Func, IntegerField, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from typing_extensions import override

from apps.assignment.desk.shadowing import without_patient
from apps.assignment.models import (
    Assignment,
    DecisionBasis,
    LedgerEntry,
    ReplayCheck,
    ShiftTurn,
    Unassigned,
)
from apps.assignment.models_shadow import ShadowResult, ShadowTally
from apps.assignment.snapshot.basis import BURST
from apps.core.admin_base import NOTHING, HistoryAdmin, preformatted, pretty_json
from apps.core.admin_scope import FOR_ALL, at_site, at_sites
from apps.engine.story import explain
from apps.orders.admin import NUMBERS_HELP
from apps.orders.search import order_ids


class _ByOrderNumber(HistoryAdmin):
    """Finds the rows of an order by the order's numbers."""

    row_scope = at_site("order__site")
    search_fields = ("order__accession",)
    search_help_text = NUMBERS_HELP

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search by number in the indexes."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(order_id__in=order_ids(search_term)), False

    @admin.display(description="why")
    def why(self, row: Assignment | Unassigned) -> SafeString:
        """Show the decision in words."""
        if not row.trace:
            return NOTHING
        lines = format_html_join("", "<li>{}</li>", ((line,) for line in explain(row.trace)))
        return format_html('<ul class="conditions">{}</ul>', lines)

    @admin.display(description="trace")
    def trace_shown(self, row: Assignment | Unassigned) -> SafeString:
        """Show the stored trace; what rules read of the patient is not for who keeps the system."""
        return pretty_json(without_patient(row.trace))


@admin.register(Assignment)
class AssignmentAdmin(_ByOrderNumber):
    """Who read or reads what, newest first."""

    list_display = (
        "order",
        "radiologist",
        "shift_code",
        "strategy",
        "state",
        "is_current",
        "escalated",
        "urgency",
        "assigned_at",
        "completed_at",
        "latency_ms",
    )
    list_filter = (
        "assigned_at",
        "is_current",
        "state",
        "strategy",
        "escalated",
        "urgency",
        "radiologist",
    )
    list_select_related = ("order", "radiologist")
    fieldsets = (
        (None, {"fields": ("order", "radiologist", ("shift", "shift_code"), "why")}),
        (
            "Decision",
            {
                "fields": (
                    ("strategy", "escalated"),
                    ("rule_id", "rule_version"),
                    ("urgency", "rvu"),
                    "latency_ms",
                )
            },
        ),
        (
            "Progress",
            {
                "fields": (
                    ("state", "is_current"),
                    ("assigned_at", "acknowledged_at", "opened_at"),
                    ("completed_at", "turnaround_seconds"),
                    ("ended_at", "end_reason"),
                )
            },
        ),
        ("Trace", {"classes": ("collapse",), "fields": ("trace_shown",)}),
    )
    readonly_fields = ("why", "trace_shown")


@admin.register(Unassigned)
class UnassignedAdmin(_ByOrderNumber):
    """Orders without a reader, with the reason."""

    list_display = (
        "order",
        "reason",
        "reason_text",
        "urgency_rank",
        "since",
        "tried_at",
        "attempts",
        "is_waiting",
    )
    list_filter = ("reason", "is_waiting", "urgency_rank", "since")
    list_select_related = ("order",)
    ordering = ("urgency_rank", "since")
    fields = (
        "order",
        ("reason", "reason_text"),
        "why",
        ("since", "tried_at", "attempts"),
        ("urgency_rank", "is_waiting"),
        "trace_shown",
    )
    readonly_fields = ("why", "trace_shown")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(HistoryAdmin):
    """The workload ledger, line by line."""

    row_scope = at_sites("radiologist__home_sites__site")
    list_display = ("at", "radiologist", "kind", "shift_code", "rvu", "turnaround_seconds")
    list_filter = ("at", "kind", "radiologist")
    list_select_related = ("radiologist",)
    search_fields = ("radiologist__id__exact",)
    search_help_text = "A radiologist's id, in full."


@admin.register(ShiftTurn)
class ShiftTurnAdmin(HistoryAdmin):
    """Whose turn was when; round robin goes by it."""

    row_scope = at_sites("radiologist__home_sites__site")
    list_display = ("shift_code", "radiologist", "last_assigned_at")
    list_filter = ("radiologist",)
    list_select_related = ("radiologist",)
    search_fields = ("shift_code", "radiologist__id")
    ordering = ("shift_code", "last_assigned_at")


class _SizedBasis(Protocol):
    """A basis with the annotation of its size."""

    payload_bytes: int


@admin.register(DecisionBasis)
class DecisionBasisAdmin(HistoryAdmin):
    """The configuration that decisions were made from, by area and version."""

    list_display = ("area", "version", "size")
    list_filter = ("area",)
    search_fields = ("version__exact",)
    search_help_text = "A version's number."
    fields = ("area", "version", "size", "payload_shown")
    readonly_fields = ("size", "payload_shown")
    _longest = 100_000

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the bases with their sizes; the payload is read where one is shown.

        What orders were decided from together names orders of all sites and their patients' facts.
        """
        bases = super().get_queryset(request).exclude(area__startswith=BURST).defer("payload")
        size = Func(F("payload"), function="octet_length", output_field=IntegerField())
        sized: QuerySet[Any] = bases.annotate(payload_bytes=size)
        return sized

    @admin.display(ordering="payload_bytes")
    def size(self, basis: _SizedBasis) -> str:
        """Show the stored size."""
        return f"{basis.payload_bytes:,} bytes"

    @admin.display(description="content")
    def payload_shown(self, basis: DecisionBasis) -> SafeString:
        """Show the canonical JSON, cut where it is very long."""
        reader = zlib.decompressobj()
        text = reader.decompress(basis.payload, self._longest).decode("utf-8", "ignore")
        return preformatted(text + (" …" if reader.unconsumed_tail else ""))


@admin.register(ShadowResult)
class ShadowResultAdmin(HistoryAdmin):
    """What a shadow would have decided for an order."""

    row_scope = at_site("order__site")
    list_display = ("shadow", "order", "at", "is_same", "is_first")
    list_filter = ("is_same",)
    list_select_related = ("shadow", "order")
    search_fields = ("order__accession__exact",)
    search_help_text = "An accession, in full."


@admin.register(ShadowTally)
class ShadowTallyAdmin(HistoryAdmin):
    """How often a shadow agreed, by day, kind of work and rule."""

    row_scope = at_site()
    list_display = ("shadow", "on_date", "site", "modality", "decided", "agreed")
    list_select_related = ("shadow", "site")
    search_fields = ("modality",)


@admin.register(ReplayCheck)
class ReplayCheckAdmin(HistoryAdmin):
    """Samples of stored decisions that were made again; the page of checks shows each its own sites."""

    row_scope = FOR_ALL
    list_display = ("at", "looked_at", "same", "no_basis", "drifted", "took_ms")
    search_fields = ("at",)
    # Drifts name orders of every site.
    exclude = ("drifts",)
