"""Who sends how, and when they were last heard."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value

from apps.audit.triggers import audited
from apps.catalog.models import Site
from apps.core.natural import NaturalKeyModel
from apps.core.triggers import keeps_versions, raises_version
from apps.core.validators import validate_zone
from apps.intake.choices import StatusMeaning
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
        indexes = [
            models.Index(
                fields=["silent_since"],
                condition=Q(silent_since__isnull=False),
                name="contact_silent",
            )
        ]

    def __str__(self) -> str:
        return f"{self.application}|{self.facility}"
