"""Admin pages of patients, orders and what identifies them; all of it is history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from typing_extensions import override

from apps.core.access import Permission
from apps.core.admin_base import NOTHING, HistoryAdmin, HistoryInline, masked
from apps.core.admin_scope import RowScope, at_site
from apps.core.guard import access_of
from apps.orders.models import (
    Order,
    OrderIdentifier,
    OrderSegments,
    Patient,
    PatientMerge,
    UnknownCancel,
)
from apps.orders.search import order_ids

NUMBERS_HELP = "An accession, order number or study instance UID, in full."

# What an order's page leaves out unless the viewer may see it at the order's site. The admin is
# opened by people who look after systems: most of them need not see patients.
_NEEDS: Mapping[str, Permission] = {
    **dict.fromkeys(
        ("patient", "patient_class", "patient_location", "visit_number", "indication"),
        Permission.PATIENT_VIEW,
    ),
    "segments_shown": Permission.MESSAGE_VIEW,
}


class IdentifierInline(HistoryInline):
    """The numbers an order is known by."""

    model = OrderIdentifier
    fields = ("kind", "value", "issuer")


@admin.register(Patient)
class PatientAdmin(HistoryAdmin):
    """Patients; found by record number, in full."""

    row_scope = RowScope("orders__site", is_many=True)
    list_display = ("id", "mrn", "authority", "family_name", "given_name", "birth_on", "sex")
    search_fields = ("mrn__exact",)
    search_help_text = "A medical record number, in full."


@admin.register(PatientMerge)
class PatientMergeAdmin(HistoryAdmin):
    """Merges of patients, by the keys of their records."""

    list_display = ("id", "dead", "survivor", "at", "sender", "orders_moved", "undone_at")
    list_filter = ("at", "undone_at")
    list_select_related = ("dead", "survivor")
    search_fields = ("message_id__exact",)
    search_help_text = "The number of the message that asked for it."
    ordering = ("-id",)


@admin.register(Order)
class OrderAdmin(HistoryAdmin):
    """The studies to read, newest first."""

    row_scope = at_site()
    list_display = (
        "accession",
        "status",
        "urgency",
        "modality",
        "body_part",
        "procedure_code",
        "site",
        "issuer",
        "received_at",
        "report_due_at",
    )
    list_filter = ("received_at", "status", "urgency", "modality", "site")
    list_select_related = ("site",)
    search_fields = ("accession",)
    search_help_text = NUMBERS_HELP
    inlines = (IdentifierInline,)
    fieldsets = (
        (None, {"fields": ("accession", "study_uid", "issuer", "sender", "status", "flags")}),
        (
            "Study",
            {
                "fields": (
                    "site",
                    ("procedure", "procedure_code", "procedure_text"),
                    ("modality", "body_part", "subspecialty"),
                    ("urgency", "rvu"),
                    "indication",
                    "held_reason",
                )
            },
        ),
        (
            "Patient and provider",
            {
                "fields": (
                    "patient",
                    ("patient_class", "patient_location", "visit_number"),
                    ("ordering_provider", "ordering_contact"),
                )
            },
        ),
        (
            "Times",
            {
                "fields": (
                    ("received_at", "sent_at", "ordered_at"),
                    ("scheduled_at", "exam_at"),
                    ("acknowledge_due_at", "report_due_at", "reported_at"),
                    "updated_at",
                )
            },
        ),
        ("As it came", {"fields": ("segments_shown", "last_message_id")}),
    )
    readonly_fields = ("segments_shown",)
    unsearched = frozenset(_NEEDS)

    @override
    def get_fieldsets(self, request: HttpRequest, obj: Order | None = None) -> Any:
        """Leave out what the viewer may not see at the order's site."""
        access = access_of(request)
        site_id = obj.site_id if obj else None
        hidden = {name for name, need in _NEEDS.items() if not access.scope(need).covers(site_id)}
        return [
            (title, {**options, "fields": _without(options["fields"], hidden)})
            for title, options in super().get_fieldsets(request, obj)
        ]

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Search by number in the indexes."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=order_ids(search_term)), False

    @admin.display(description="segments")
    def segments_shown(self, order: Order) -> SafeString:
        """Show the segments of the last message that changed the order, masked."""
        segments = OrderSegments.objects.select_related("order").filter(pk=order.pk).first()
        return _segments_text(segments) if segments else NOTHING


@admin.register(OrderIdentifier)
class OrderIdentifierAdmin(HistoryAdmin):
    """Every number of every order."""

    row_scope = at_site("order__site")
    list_display = ("value", "kind", "issuer", "order")
    list_filter = ("kind",)
    list_select_related = ("order",)
    search_fields = ("value__exact",)
    search_help_text = NUMBERS_HELP


@admin.register(OrderSegments)
class OrderSegmentsAdmin(HistoryAdmin):
    """The segments of orders, as they came."""

    row_scope = at_site("order__site")
    unsearched = frozenset({"header", "group"})
    list_display = ("order", "order_issuer")
    list_select_related = ("order",)
    search_fields = ("order__accession",)
    search_help_text = NUMBERS_HELP
    fields = ("order", "shown")
    readonly_fields = ("shown",)

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[OrderSegments], search_term: str
    ) -> tuple[QuerySet[OrderSegments], bool]:
        """Search by number in the indexes."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=order_ids(search_term)), False

    @admin.display(description="issuer")
    def order_issuer(self, segments: OrderSegments) -> str:
        """Show who issued the order's numbers."""
        return segments.order.issuer

    @admin.display(description="segments")
    def shown(self, segments: OrderSegments) -> SafeString:
        """Show the segments masked, one a line."""
        return _segments_text(segments)


@admin.register(UnknownCancel)
class UnknownCancelAdmin(HistoryAdmin):
    """Cancels and reports that came before their order."""

    list_display = ("value", "kind", "is_report", "issuer", "at", "message_id")
    list_filter = ("is_report", "kind", "at")
    search_fields = ("value__exact",)
    search_help_text = NUMBERS_HELP


def _segments_text(segments: OrderSegments) -> SafeString:
    message_id = segments.order.last_message_id
    address = reverse("message-in", args=[message_id]) if message_id else ""
    return masked(bytes(segments.group), header=bytes(segments.header), address=address)


def _without(fields: Iterable[Any], hidden: set[str]) -> list[Any]:
    """Return a fieldset's fields without the hidden ones; a line left empty goes."""
    kept = [
        tuple(name for name in line if name not in hidden) if isinstance(line, tuple) else line
        for line in fields
    ]
    return [line for line in kept if line and line not in hidden]
