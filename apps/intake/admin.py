"""Admin pages of senders and of the messages they sent."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from typing_extensions import override

from apps.catalog.choices import UrgencyChoices
from apps.catalog.models import Site
from apps.core import clock
from apps.core.access import Permission
from apps.core.admin_base import HistoryAdmin, RecordAdmin, masked
from apps.core.admin_scope import FOR_ALL, RowScope
from apps.hl7v2.vocabulary import BODY_PARTS, MODALITIES
from apps.intake.models import (
    BatchMarker,
    InboundMessage,
    MessageKey,
    SenderContact,
    SenderProfile,
    SenderProfileVersion,
    SetAsideCode,
    UnknownCode,
)
from apps.intake.queries.inbound import wholly_within
from apps.intake.services.by_hand import run_again

if TYPE_CHECKING:
    ProfileModelForm = forms.ModelForm[SenderProfile]
else:
    ProfileModelForm = forms.ModelForm


class SenderProfileForm(ProfileModelForm):
    """A sender's profile; its word lists are checked against the engine's vocabularies."""

    def clean_body_part_words(self) -> dict[str, str]:
        """Return the words in capitals, each with a body part."""
        return _words(self.cleaned_data["body_part_words"], set(BODY_PARTS))

    def clean_site_words(self) -> dict[str, str]:
        """Return the words in capitals, each with the code of a site."""
        codes = set(Site.objects.values_list("code", flat=True))
        return _words(self.cleaned_data["site_words"], codes)

    def clean_urgency_words(self) -> dict[str, str]:
        """Return the words in capitals, each with STAT, URGENT or ROUTINE."""
        return _words(self.cleaned_data["urgency_words"], set(UrgencyChoices.values))

    def clean_modality_words(self) -> dict[str, str]:
        """Return the words in capitals, each with a DICOM modality."""
        return _words(self.cleaned_data["modality_words"], set(MODALITIES))


def _words(words: object, known: set[str]) -> dict[str, str]:
    """Return a sender's words in capitals.

    Raises:
        ValidationError: not an object of texts, or a word that means nothing known.
    """
    if words is None:
        return {}
    if not isinstance(words, dict):
        raise forms.ValidationError('A JSON object, such as {"EMERGENCY": "STAT"}.')
    unknown = [str(meaning) for meaning in words.values() if meaning not in known]
    if unknown:
        raise forms.ValidationError(f"“{unknown[0]}” is not one of {', '.join(sorted(known))}.")
    return {str(word).strip().upper(): str(meaning) for word, meaning in words.items()}


@admin.register(SenderProfile)
class SenderProfileAdmin(RecordAdmin):
    """How each sender's messages are read; the most specific profile counts."""

    row_scope = FOR_ALL
    form = SenderProfileForm
    list_display = ("name", "application", "facility", "issuer", "default_site", "is_strict")
    list_filter = ("is_strict", "default_site")
    list_select_related = ("default_site",)
    search_fields = ("name", "application", "facility", "issuer")
    autocomplete_fields = ("default_site",)
    ordering = ("name",)
    fieldsets = (
        (
            None,
            {
                "description": "Both named goes before the facility alone, before the "
                "application alone, before the profile that names neither.",
                "fields": ("name", ("application", "facility")),
            },
        ),
        (
            "Reading",
            {
                "description": "Places that are left out are the usual ones.",
                "fields": ("issuer", "default_site", "places", "time_zone", "character_set"),
            },
        ),
        (
            "Words of its own",
            {"fields": ("urgency_words", "modality_words", "body_part_words", "site_words")},
        ),
        ("Who may speak for it", {"fields": ("networks", "certificates")}),
        (
            "When it usually sends",
            {
                "fields": (
                    "usual_weekdays",
                    ("usual_from_local", "usual_until_local"),
                    "silent_after_minutes",
                )
            },
        ),
        (
            "Strictness",
            {
                "description": "The lists count for a strict profile only; an empty one lets "
                "everything through.",
                "fields": (
                    "is_strict",
                    "accepted_types",
                    "accepted_versions",
                    "accepted_processing_ids",
                ),
            },
        ),
    )


@admin.register(InboundMessage)
class InboundMessageAdmin(HistoryAdmin):
    """Every message received, newest first."""

    row_scope = RowScope(limiter=wholly_within)
    operate = Permission.MESSAGE_RUN
    unsearched = frozenset({"raw", "ack", "digest"})
    list_display = (
        "id",
        "received_at",
        "sender",
        "message_type",
        "order_control",
        "control_id",
        "state",
        "ack_code",
        "attempts",
        "error",
    )
    list_filter = ("received_at", "state", "ack_code", "is_urgent")
    search_fields = ("control_id__exact",)
    search_help_text = "A control id (MSH-10), in full."
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("received_at", "arrival_seq"),
                    ("sender", "peer"),
                    ("message_type", "order_control", "control_id", "is_urgent"),
                )
            },
        ),
        (
            "What became of it",
            {
                "fields": (
                    ("state", "attempts", "processed_at"),
                    "error",
                    "flags",
                    ("order_keys", "order_ids"),
                )
            },
        ),
        ("Message", {"fields": ("raw_shown", "digest_shown")}),
        ("Answer", {"fields": ("ack_code", "ack_shown")}),
    )
    readonly_fields = ("raw_shown", "digest_shown", "ack_shown")
    actions = ("run_again",)

    @admin.action(
        description="Let quarantined messages take effect again", permissions=["operate"]
    )
    def run_again(self, request: HttpRequest, queryset: QuerySet[InboundMessage]) -> None:
        """Put the quarantined ones among the selected back into the queue."""
        ids = list(self.operable(request, queryset).values_list("pk", flat=True))
        count = run_again(message_ids=ids, at=clock.now())
        self.message_user(request, f"{count} of {len(ids)} messages wait to take effect again.")

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundMessage]:
        """Return the messages; the bytes are read where one is shown."""
        return super().get_queryset(request).defer("raw", "ack")

    @admin.display(description="message")
    def raw_shown(self, message: InboundMessage) -> SafeString:
        """Show the message masked, one segment a line, and where it can be opened."""
        return masked(bytes(message.raw), address=reverse("message-in", args=[message.pk]))

    @admin.display(description="digest")
    def digest_shown(self, message: InboundMessage) -> str:
        """Show the digest in hexadecimal."""
        return bytes(message.digest).hex()

    @admin.display(description="answer")
    def ack_shown(self, message: InboundMessage) -> SafeString:
        """Show the answer masked, one segment a line."""
        return masked(bytes(message.ack or b""))


@admin.register(BatchMarker)
class BatchMarkerAdmin(HistoryAdmin):
    """The messages that a decider has in hand at this moment."""

    list_display = ("id", "message_ids")
    search_fields = ("id",)


@admin.register(MessageKey)
class MessageKeyAdmin(HistoryAdmin):
    """What makes a resend a resend."""

    list_display = ("key_shown", "message_id")
    search_fields = ("message_id__exact",)
    search_help_text = "A message's number."
    ordering = ("-message_id",)
    fields = ("key_shown", "message_id")
    readonly_fields = ("key_shown",)

    @override
    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the key of an address, in which bytes stand as Python writes them."""
        try:
            key = ast.literal_eval(object_id)
        except (ValueError, SyntaxError):
            key = b""
        return super().get_object(request, key, from_field)

    @admin.display(description="key")
    def key_shown(self, key: MessageKey) -> str:
        """Show the key in hexadecimal."""
        return bytes(key.key).hex()


@admin.register(SenderProfileVersion)
class SenderProfileVersionAdmin(HistoryAdmin):
    """What sender profiles were, edit by edit."""

    row_scope = FOR_ALL
    list_display = ("profile_id", "version", "is_deleted", "at", "actor")
    search_fields = ("profile_id__exact",)
    search_help_text = "A profile's number."


@admin.register(UnknownCode)
class UnknownCodeAdmin(HistoryAdmin):
    """Codes of senders that the procedure table does not know, the most frequent first."""

    row_scope = FOR_ALL
    list_display = ("issuer", "code", "text", "count", "last_at")
    list_filter = ("modality",)
    search_fields = ("code", "text")
    ordering = ("-count", "id")


@admin.register(SetAsideCode)
class SetAsideCodeAdmin(HistoryAdmin):
    """Codes of senders that are no imaging procedures."""

    row_scope = FOR_ALL
    list_display = ("issuer", "coding_system", "code")
    search_fields = ("code",)
    ordering = ("issuer", "code")


@admin.register(SenderContact)
class SenderContactAdmin(HistoryAdmin):
    """When each sender was last heard."""

    row_scope = FOR_ALL
    list_display = ("application", "facility", "last_at", "silent_since")
    search_fields = ("application", "facility")
