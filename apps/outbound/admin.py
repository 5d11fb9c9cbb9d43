"""Admin pages of destinations and the messages on their way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from typing_extensions import override

from apps.core import clock
from apps.core.access import Permission
from apps.core.admin_base import HistoryAdmin, RecordAdmin, masked, model_words
from apps.core.admin_scope import at_site, at_sites
from apps.orders.search import order_ids
from apps.outbound.exceptions import MessageStateError
from apps.outbound.models import Destination, DestinationLink, OutboundMessage
from apps.outbound.services import by_hand


@admin.register(Destination)
class DestinationAdmin(RecordAdmin):
    """MLLP peers that are told of assignments."""

    row_scope = at_sites("sites")
    list_display = (
        "name",
        "host",
        "port",
        "is_enabled",
        "on_dead_letter",
        "time_zone",
        "give_up_hours",
    )
    list_filter = ("is_enabled", "on_dead_letter", "sites")
    search_fields = ("name", "host", "receiving_application", "receiving_facility")
    filter_horizontal = ("sites",)
    actions = ("resend_dead", "try_now")
    fieldsets = (
        (None, {"fields": ("name", ("host", "port"), "is_enabled")}),
        (
            "TLS",
            {
                "description": "Version 1.2 or later; its certificate and name are always checked.",
                "fields": (
                    ("uses_tls", "shows_certificate"),
                    "tls_server_name",
                    "tls_authority",
                ),
            },
        ),
        (
            "What it is told",
            {
                "description": "Only orders of these senders and of these sites; an empty list "
                "lets all through. A disabled destination keeps its queue.",
                "fields": ("senders", "sites", "tells_waiting"),
            },
        ),
        (
            "How it is written",
            {
                "description": "Empty receiver: whoever sent the order (MSH-3 and MSH-4).",
                "fields": (
                    ("message_type", "version", "with_structure"),
                    ("with_zra", "with_obr_32", "with_prt"),
                    ("sending_application", "sending_facility"),
                    ("receiving_application", "receiving_facility"),
                    ("separators", "character_set"),
                    ("time_zone", "with_offset"),
                ),
            },
        ),
        (
            "When it does not answer",
            {
                "description": "Silence and AR are tried again, the quick retries first, then "
                "with growing waits; AE and the end of the hours make a dead letter.",
                "fields": (
                    "answer_timeout_seconds",
                    "quick_retries",
                    "longest_wait_seconds",
                    "give_up_hours",
                    "on_dead_letter",
                ),
            },
        ),
    )

    @override
    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Let the link's state go with its destination, although nobody may delete it alone."""
        listed, counts, needed, protected = super().get_deleted_objects(objs, request)
        return listed, counts, needed - {model_words(DestinationLink)}, protected

    @admin.action(description="Send dead letters again", permissions=["change"])
    def resend_dead(self, request: HttpRequest, queryset: QuerySet[Destination]) -> None:
        """Queue the dead letters of the selected destinations again."""
        count = sum(
            by_hand.resend_dead(destination_id=destination.pk, at=clock.now())
            for destination in self._changeable(request, queryset)
        )
        self.message_user(request, f"{count} dead letters queued again.")

    @admin.action(description="Try to reach now", permissions=["change"])
    def try_now(self, request: HttpRequest, queryset: QuerySet[Destination]) -> None:
        """End the wait after failures of the selected destinations."""
        for destination in self._changeable(request, queryset):
            by_hand.try_now(destination_id=destination.pk, at=clock.now())
        self.message_user(request, "They are tried at once.")

    def _changeable(
        self, request: HttpRequest, queryset: QuerySet[Destination]
    ) -> Iterator[Destination]:
        return (one for one in queryset if self.has_change_permission(request, one))


@admin.register(DestinationLink)
class DestinationLinkAdmin(HistoryAdmin):
    """How reaching each destination goes."""

    row_scope = at_sites("destination__sites")
    list_display = (
        "destination",
        "address",
        "failures",
        "failing_since",
        "next_attempt_at",
        "last_error",
    )
    list_select_related = ("destination",)
    search_fields = ("destination__name", "address")
    ordering = ("destination",)


class _ByHand(Protocol):
    """A service that does something with one message."""

    def __call__(self, *, message_id: int, at: datetime) -> None: ...


@admin.register(OutboundMessage)
class OutboundMessageAdmin(HistoryAdmin):
    """Every message that was or is to be sent, newest first."""

    row_scope = at_site("order__site")
    operate = Permission.MESSAGE_RUN
    unsearched = frozenset({"payload"})
    list_display = (
        "control_id",
        "destination",
        "order",
        "kind",
        "state",
        "attempts",
        "answer_code",
        "created_at",
        "answered_at",
        "error",
    )
    list_filter = ("created_at", "state", "kind", "answer_code", "destination")
    list_select_related = ("destination", "order")
    search_fields = ("control_id",)
    search_help_text = "A control id (MSH-10), or an order's accession or number, in full."
    fields = (
        ("destination", "order", "assignment_id"),
        ("kind", "control_id", "state"),
        ("created_at", "first_sent_at", "sent_at", "answered_at"),
        ("attempts", "next_attempt_at"),
        ("answer_code", "error"),
        "payload_shown",
    )
    readonly_fields = ("payload_shown",)
    actions = ("send_again", "withdraw")

    @admin.action(description="Send again, under the same control id", permissions=["operate"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutboundMessage]) -> None:
        """Queue the selected messages again; those that are queued are left alone."""
        self._each(request, queryset, by_hand.resend, "queued again")

    @admin.action(description="Withdraw: do not send", permissions=["operate"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[OutboundMessage]) -> None:
        """Keep the selected messages from going out; delivered ones are left alone."""
        self._each(request, queryset, by_hand.withdraw, "withdrawn")

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[OutboundMessage],
        service: _ByHand,
        done: str,
    ) -> None:
        ids = sorted(self.operable(request, queryset).values_list("pk", flat=True))
        count = 0
        for pk in ids:
            # Its state may have changed since the list was shown: then it is left as it is.
            with suppress(MessageStateError):
                service(message_id=pk, at=clock.now())
                count += 1
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{count} of {len(ids)} messages {done}.", level)

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboundMessage]:
        """Return the messages; the payload is read where one is shown."""
        return super().get_queryset(request).defer("payload")

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[OutboundMessage], search_term: str
    ) -> tuple[QuerySet[OutboundMessage], bool]:
        """Search by control id or by order, each in its index."""
        wanted = search_term.strip()
        if not wanted:
            return queryset, False
        orders = order_ids(wanted)
        if orders:
            return queryset.filter(order_id__in=orders), False
        return queryset.filter(control_id=wanted), False

    @admin.display(description="message")
    def payload_shown(self, message: OutboundMessage) -> SafeString:
        """Show the message masked, one segment a line, and where it can be opened."""
        return masked(bytes(message.payload), address=reverse("message-out", args=[message.pk]))
