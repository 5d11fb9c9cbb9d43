"""Received messages, what makes a resend a resend, and who sends how."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Upper

from apps.audit.triggers import audited
from apps.catalog.models import Site
from apps.core.fields import ProtectedBytesField
from apps.core.natural import NaturalKeyModel
from apps.core.triggers import keeps_versions, raises_version
from apps.core.validators import validate_zone
from apps.intake.choices import InboundState, StatusMeaning
from apps.intake.validators import validate_character_set, validate_network, validate_places

# So that a release before this one goes on while the columns are there already.
_NO_WORDS = Value({}, models.JSONField())
_NOBODY = Value([], ArrayField(models.TextField()))
_NO_DAYS = Value([], ArrayField(models.PositiveSmallIntegerField()))


class SenderProfile(NaturalKeyModel):
    """How one sender's messages are to be read; empty application or facility covers all.

    The most specific profile counts: both named, then facility, then application, then neither.
    ``places`` maps facts to places in order of preference (``apps.hl7v2.places``); facts that it
    leaves out have their usual places. The ``…_words`` map a sender's words to ours.
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
    places = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_places],
        help_text='{"accession": ["OBR-18.1", "ZAO-3.1"]}: where each fact is, first wanted first.',
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
    body_part_words = models.JSONField(
        default=dict, blank=True, db_default=_NO_WORDS, help_text='{"KOPF": "HEAD"}'
    )
    site_words = models.JSONField(
        default=dict,
        blank=True,
        db_default=_NO_WORDS,
        help_text='{"RAD2": "ROBINA"}: the sender\'s words to site codes, besides the aliases.',
    )
    character_set = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        validators=[validate_character_set],
        help_text="MSH-18 of messages that leave it empty; empty: ASCII, else what fits.",
    )
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
    networks = ArrayField(
        models.CharField(max_length=50, validators=[validate_network]),
        default=list,
        blank=True,
        db_default=_NOBODY,
        help_text="Addresses or networks that may speak for this sender; empty: any.",
    )
    certificates = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        db_default=_NOBODY,
        help_text="SHA-256 of the client certificates that may speak for this sender, in "
        "hexadecimal; empty: any. A certificate named somewhere speaks for nobody else.",
    )
    usual_weekdays = ArrayField(
        models.PositiveSmallIntegerField(),
        default=list,
        blank=True,
        db_default=_NO_DAYS,
        help_text="ISO weekdays, 1 is Monday, on which it usually sends; empty: every day.",
    )
    usual_from_local = models.TimeField(null=True, blank=True)
    usual_until_local = models.TimeField(
        null=True, blank=True, help_text="May lie past midnight; equal to the start: all day."
    )
    silent_after_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Nothing for so long in its usual hours raises an alert; empty: never.",
    )

    class Meta:
        verbose_name = "sender profile"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "facility"],
                name="one_profile_per_sender",
                violation_error_message="There is a profile for this sender already.",
            )
        ]
        triggers = [
            audited(),
            raises_version("senders"),
            keeps_versions("intake_senderprofileversion", "profile_id"),
        ]

    def __str__(self) -> str:
        return self.name


class SenderProfileVersion(models.Model):
    """A profile as an edit left it; never changed, kept when the profile is deleted."""

    profile_id = models.BigIntegerField(db_index=True)
    version = models.PositiveIntegerField()
    is_deleted = models.BooleanField(default=False)
    content = models.JSONField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=160)

    class Meta:
        ordering = ["profile_id", "-version"]
        verbose_name = "sender profile version"
        constraints = [
            models.UniqueConstraint(
                fields=["profile_id", "version"], name="one_row_per_profile_version"
            )
        ]
        triggers = [
            pgtrigger.Protect(name="immutable", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"profile {self.profile_id} version {self.version}"


class SenderContact(models.Model):
    """When a sender was last heard; written by the listener, lost without harm.

    ``silent_since`` is set while an alert is raised: the moment of the last message, or of the
    beginning of the usual hours in which none came.
    """

    application = models.CharField(max_length=200, blank=True, default="")
    facility = models.CharField(max_length=200, blank=True, default="")
    last_at = models.DateTimeField()
    silent_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "sender contact"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "facility"], name="one_contact_per_sender"
            )
        ]

    def __str__(self) -> str:
        return f"{self.application}|{self.facility}"


class UnknownCode(models.Model):
    """A procedure code of a sender that the table did not know, and how often it came.

    ``text``, ``modality`` and ``body_part`` are what the last order with it said or suggested.
    A row stays when its code becomes known, so that the count goes on should that be undone.
    """

    issuer = models.CharField(max_length=200, blank=True, default="")
    coding_system = models.CharField(max_length=64, blank=True, default="")
    code = models.CharField(max_length=200)
    text = models.CharField(max_length=500, blank=True, default="")
    modality = models.CharField(max_length=16, blank=True, default="")
    body_part = models.CharField(max_length=32, blank=True, default="")
    count = models.PositiveBigIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    last_order_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "unknown code"
        constraints = [
            models.UniqueConstraint(
                "issuer", "coding_system", Upper("code"), name="one_row_per_unknown_code"
            )
        ]
        indexes = [models.Index(fields=["-count", "id"], name="unknown_code_by_count")]

    def __str__(self) -> str:
        return f"{self.issuer} {self.code}".strip()


class SetAsideCode(models.Model):
    """A sender's code of which a person said that it is no imaging procedure.

    Apart from the count of it, which every order changes: so it is audited and can be undone.
    """

    issuer = models.CharField(max_length=200, blank=True, default="")
    coding_system = models.CharField(max_length=64, blank=True, default="")
    code = models.CharField(max_length=200)

    class Meta:
        verbose_name = "code set aside"
        verbose_name_plural = "codes set aside"
        constraints = [
            models.UniqueConstraint(
                "issuer", "coding_system", Upper("code"), name="one_row_per_code_set_aside"
            )
        ]
        triggers = [audited()]

    def __str__(self) -> str:
        return f"{self.issuer} {self.code}".strip()


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
