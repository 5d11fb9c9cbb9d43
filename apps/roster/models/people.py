"""Readers: what they may read, until when, and what they have on hand now."""

from __future__ import annotations

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.audit.triggers import audited
from apps.catalog.models import Site
from apps.core.natural import NaturalKeyModel
from apps.core.triggers import raise_version_sql, raises_version
from apps.roster.choices import DocumentType, PresenceChoices


class Radiologist(models.Model):
    """A reader; the id, such as DR_SMITH_ID, is what ZRA-2.1 says."""

    id = models.CharField(max_length=64, primary_key=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="radiologist",
    )
    title = models.CharField(max_length=16, default="DR")
    family_name = models.CharField(max_length=120)
    given_name = models.CharField(max_length=120, blank=True, default="")
    specialties = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    seniority_years = models.PositiveSmallIntegerField(default=0)
    max_concurrent_studies = models.PositiveIntegerField(default=20)
    max_studies_per_hour = models.PositiveIntegerField(default=8)
    max_concurrent_rvu = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    max_rvu_per_hour = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    contact = models.CharField(max_length=200, blank=True, default="")
    email = models.EmailField(blank=True, default="")
    min_rest_hours = models.DecimalField(
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        default=Decimal(11),
        help_text="Between the end of one stretch of work and the next; empty is not looked at.",
    )
    target_hours_per_week = models.DecimalField(
        max_digits=5, decimal_places=1, null=True, blank=True
    )
    target_rvu_per_week = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, blank=True
    )

    class Meta:
        ordering = ["id"]
        triggers = [
            audited(),
            raises_version("roster"),
            pgtrigger.Trigger(
                name="has_workload",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="""
                    INSERT INTO roster_workload
                        (radiologist_id, presence, open_stat, open_urgent, open_routine, open_rvu)
                    VALUES (NEW.id, 'unknown', 0, 0, 0, 0) ON CONFLICT DO NOTHING;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.title} {self.given_name} {self.family_name})"

    @property
    def full_name(self) -> str:
        """Return title, given and family name in reading order."""
        return " ".join(part for part in (self.title, self.given_name, self.family_name) if part)


class RadiologistSite(NaturalKeyModel):
    """A site whose managers look after the person; none listed: every site's.

    Says nothing of what they may read; that is said by privileges and licences.
    """

    natural_fields = ("radiologist_id", "site__code")

    radiologist = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, related_name="home_sites"
    )
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="home_of")

    class Meta:
        verbose_name = "home site"
        constraints = [
            models.UniqueConstraint(
                fields=["radiologist", "site"], name="one_row_per_radiologist_and_site"
            )
        ]
        triggers = [audited()]

    def __str__(self) -> str:
        return f"{self.radiologist_id} of {self.site_id}"


class DocumentContent(models.Model):
    """The bytes of documents, by their digest; in the database, which all machines share.

    Apart from what tells of them, so that taking a removal back finds them again. What no
    document names any more is dropped a day later.
    """

    digest = models.CharField(max_length=64, primary_key=True, help_text="SHA-256, in hex.")
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.digest


class CompetencyDocument(models.Model):
    """The scan or letter that proves a competency."""

    radiologist = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, related_name="documents"
    )
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100, choices=DocumentType)
    size = models.PositiveIntegerField(help_text="Bytes.")
    digest = models.CharField(max_length=64, db_index=True, help_text="Of its content.")
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=160, help_text="As the audit trail names them.")

    class Meta:
        ordering = ["-uploaded_at"]
        triggers = [audited()]

    def __str__(self) -> str:
        return self.name


class RadiologistCredential(NaturalKeyModel):
    """A named credential, valid on its days, both ends included."""

    natural_fields = ("radiologist_id", "name")

    radiologist = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, related_name="credentials"
    )
    name = models.CharField(max_length=64)
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    document = models.ForeignKey(
        CompetencyDocument, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "credential"
        triggers = [audited(), raises_version("roster")]

    def __str__(self) -> str:
        return f"{self.radiologist_id}: {self.name}"


class Licence(NaturalKeyModel):
    """Leave to practise in a jurisdiction, valid on its days, both ends included."""

    natural_fields = ("radiologist_id", "jurisdiction")

    radiologist = models.ForeignKey(Radiologist, on_delete=models.CASCADE, related_name="licences")
    jurisdiction = models.CharField(max_length=32)
    number = models.CharField(max_length=64, blank=True, default="")
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    document = models.ForeignKey(
        CompetencyDocument, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        triggers = [audited(), raises_version("roster")]

    def __str__(self) -> str:
        return f"{self.radiologist_id}: {self.jurisdiction}"


class Privilege(NaturalKeyModel):
    """What a reader may read where; an empty site, modality or body part covers all."""

    natural_fields = ("radiologist_id", "site__code", "modality", "body_part")

    radiologist = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, related_name="privileges"
    )
    site = models.ForeignKey(Site, on_delete=models.CASCADE, null=True, blank=True)
    modality = models.CharField(max_length=16, blank=True, default="")
    body_part = models.CharField(max_length=32, blank=True, default="")
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    document = models.ForeignKey(
        CompetencyDocument, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        triggers = [audited(), raises_version("roster")]

    def __str__(self) -> str:
        return f"{self.radiologist_id}: {self.site or 'every site'} {self.modality or 'all'}"


class Workload(models.Model):
    """What a radiologist has on hand now; written by the assignment services under their lock."""

    radiologist = models.OneToOneField(
        Radiologist, primary_key=True, on_delete=models.CASCADE, related_name="workload"
    )
    presence = models.CharField(
        max_length=8, choices=PresenceChoices, default=PresenceChoices.UNKNOWN
    )
    busy_until = models.DateTimeField(
        null=True, blank=True, help_text="While the presence is busy; not included."
    )
    is_presence_found = models.BooleanField(
        default=False,
        db_default=False,
        help_text="By a sign of life or for want of one; nobody said it.",
    )
    heard_at = models.DateTimeField(
        null=True, blank=True, help_text="The last sign of life of a page of theirs."
    )
    last_activity_at = models.DateTimeField(null=True, blank=True)
    open_stat = models.IntegerField(default=0)
    open_urgent = models.IntegerField(default=0)
    open_routine = models.IntegerField(default=0)
    open_rvu = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))
    last_assigned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(open_stat__gte=0, open_urgent__gte=0, open_routine__gte=0)
                & Q(open_rvu__gte=0),
                name="workload_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(presence="busy", busy_until__isnull=False)
                | (~Q(presence="busy") & Q(busy_until__isnull=True)),
                name="who_is_busy_is_so_until_a_time",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="presence_wakes",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("presence"),
                condition=pgtrigger.Q(old__presence__df=pgtrigger.F("new__presence")),
                func=raise_version_sql("presence"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.radiologist_id}: {self.open_studies} open"

    @property
    def open_studies(self) -> int:
        """Return the number of studies assigned, not held and not yet preliminary."""
        return self.open_stat + self.open_urgent + self.open_routine
