"""Received messages, and what makes a resend a resend."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q

from apps.core.fields import ProtectedBytesField
from apps.intake.choices import InboundState


class InboundMessage(models.Model):
    """One received message, byte for byte, and what became of it.

    ``arrival_seq`` orders messages as they arrived, over all connections of all listeners:
    microseconds since 1970, never twice within one listener.
    ``order_keys`` are the identities of the orders it tells of, ``issuer|kind|value``: messages
    that share one take effect in the order of arrival.
    """

    # Asked for among waiting messages only; these have their index.
    arrival_seq = models.BigIntegerField()
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
    copy_of = models.BigIntegerField(
        null=True, blank=True, help_text="The message that a person edited a copy of."
    )
    entered_by = models.CharField(
        max_length=160, blank=True, default="", db_default="", help_text="Who gave us the copy."
    )

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
            models.Index(
                fields=["copy_of"], condition=Q(copy_of__isnull=False), name="inbound_copies"
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
