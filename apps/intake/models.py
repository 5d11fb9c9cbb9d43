"""Received messages, what makes a resend a resend, and who sends how."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q

from apps.audit.triggers import audited
from apps.catalog.models import Site
from apps.core.fields import ProtectedBytesField
from apps.core.natural import NaturalKeyModel
from apps.core.triggers import raises_version
from apps.core.validators import validate_zone
from apps.intake.choices import AccessionPlace, InboundState, StatusMeaning


def default_accession_places() -> list[str]:
    """Return the default order of places. Source: spec 1, accession."""
    return [place.value for place in AccessionPlace]


class SenderProfile(NaturalKeyModel):
    """How one sender's messages are to be read; empty application or facility covers all.

    The most specific profile counts: both named, then facility, then application, then neither.
    """

    natural_fields = ("application", "facility")

    name = models.CharField(max_length=120, unique=True)
    application = models.CharField(max_length=200, blank=True, default="", help_text="MSH-3.1")
    facility = models.CharField(max_length=200, blank=True, default="", help_text="MSH-4.1")
    issuer = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="Who issues the order numbers; empty: MSH-4.1.",
    )
    default_site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.SET_NULL)
    accession_places = ArrayField(
        models.CharField(max_length=16, choices=AccessionPlace),
        default=default_accession_places,
        help_text="The first that is filled is shown as the study's id.",
    )
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        default="",
        validators=[validate_zone],
        help_text="For times without an offset; empty: the site's.",
    )
    urgency_words = models.JSONField(
        default=dict, blank=True, help_text='{"EMERGENCY": "STAT"}: words besides the usual ones.'
    )
    modality_words = models.JSONField(default=dict, blank=True, help_text='{"MRI3T": "MR"}')
    status_meaning = models.CharField(
        max_length=8,
        choices=StatusMeaning,
        default=StatusMeaning.READING,
        help_text="What ORC-5 IP and CM speak of.",
    )
    is_strict = models.BooleanField(
        default=False, help_text="Refuse (AR) what is not in the lists below."
    )
    accepted_types = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    accepted_versions = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    accepted_processing_ids = ArrayField(models.CharField(max_length=8), default=list, blank=True)

    class Meta:
        verbose_name = "sender profile"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "facility"],
                name="one_profile_per_sender",
                violation_error_message="There is a profile for this sender already.",
            )
        ]
        triggers = [audited(), raises_version("senders")]

    def __str__(self) -> str:
        return self.name


class InboundMessage(models.Model):
    """One received message, byte for byte, and what became of it.

    ``arrival_seq`` orders messages as they arrived, over all connections of all listeners:
    microseconds since 1970, never twice within one listener.
    ``order_keys`` are the identities of the orders it tells of, ``issuer|kind|value``: messages
    that share one take effect in the order of arrival.
    """

    arrival_seq = models.BigIntegerField(db_index=True)
    received_at = models.DateTimeField(db_index=True)
    sender = models.CharField(max_length=400, blank=True, default="")
    peer = models.CharField(max_length=64, blank=True, default="")
    control_id = models.CharField(max_length=400, blank=True, default="", db_index=True)
    digest = models.BinaryField(max_length=16, validators=[MaxLengthValidator(16)])
    message_type = models.CharField(max_length=32, blank=True, default="")
    order_control = models.CharField(max_length=16, blank=True, default="")
    order_keys = ArrayField(models.TextField(), default=list, blank=True)
    is_urgent = models.BooleanField(default=False)
    raw = ProtectedBytesField()
    state = models.CharField(max_length=16, choices=InboundState, default=InboundState.WAITING)
    ack = models.BinaryField(null=True, blank=True)
    ack_code = models.CharField(max_length=2, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    flags = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    order_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "inbound message"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "refused"], processed_at__isnull=True)
                | Q(state__in=["processed", "ignored", "quarantined"], processed_at__isnull=False),
                name="processed_with_its_time",
            )
        ]
        indexes = [
            models.Index(
                "is_urgent",
                "arrival_seq",
                condition=Q(state="waiting"),
                name="inbound_waiting",
            ),
            # The pages: the rare ones that a person looks for, however long ago they came,
            models.Index(
                fields=["state", "id"],
                condition=Q(state__in=["refused", "quarantined"]),
                name="inbound_set_aside",
            ),
            # and those of one order. Nearly every message has one; a GIN index over all of them
            # would slow the hot path, over the few that have several it is hardly ever written.
            models.Index(
                F("order_ids__0"), condition=~Q(order_ids=[]), name="inbound_by_first_order"
            ),
            GinIndex(
                fields=["order_ids"],
                condition=Q(order_ids__len__gt=1),
                name="inbound_by_more_orders",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_type} {self.control_id or self.pk}"


class MessageKey(models.Model):
    """What makes a resend a resend: a digest over sender, control id and bytes.

    Narrow and apart from the messages, so that those can be partitioned by month. A message
    refused with AR leaves no key: it is tried anew.
    """

    key = models.BinaryField(max_length=16, primary_key=True)
    message_id = models.BigIntegerField()

    class Meta:
        verbose_name = "message key"

    def __str__(self) -> str:
        return f"key of message {self.message_id}"


class BatchMarker(models.Model):
    """The messages that a decider has in hand, written before it begins; a single row.

    What a dead decider left here is tried one by one, so that a message that kills its worker
    is found out and the others of its batch go on.
    """

    message_ids = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        verbose_name = "batch marker"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_batch_marker")]

    def __str__(self) -> str:
        return f"{len(self.message_ids)} messages in hand"
