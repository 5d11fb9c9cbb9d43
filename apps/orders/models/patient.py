"""Patients, known by their numbers, and the numbers that were merged away."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.core.fields import ProtectedDateField, ProtectedTextField


class Patient(models.Model):
    """A person, known by a medical record number (MRN) of an assigning authority."""

    authority = models.CharField(max_length=120)
    mrn = ProtectedTextField()
    family_name = ProtectedTextField(blank=True, default="")
    given_name = ProtectedTextField(blank=True, default="")
    birth_on = ProtectedDateField(null=True, blank=True)
    sex = models.CharField(max_length=8, blank=True, default="")
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="merged",
        help_text="The survivor, when this number was merged away (ADT^A40).",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["authority", "mrn"], name="one_patient_per_mrn"),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="patient_is_not_merged_into_itself",
            ),
        ]
        # The constraint's own index leads with the authority, which who looks may not know.
        indexes = [models.Index(fields=["mrn"], name="patient_by_number")]

    def __str__(self) -> str:
        return f"patient {self.pk}"


class PatientMerge(models.Model):
    """One time that a number was merged away; undone, it stays as history.

    ``made_by`` and ``undone_by`` are actors as in the audit trail.
    """

    dead = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="merges_away")
    survivor = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="merges_in")
    at = models.DateTimeField()
    made_by = models.CharField(max_length=160)
    message_id = models.BigIntegerField(
        null=True, blank=True, help_text="The received message that asked for it."
    )
    sender = models.CharField(max_length=400, blank=True, default="")
    orders_moved = models.PositiveIntegerField(default=0)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=160, blank=True, default="")

    class Meta:
        verbose_name = "patient merge"
        constraints = [
            models.UniqueConstraint(
                fields=["dead"],
                condition=Q(undone_at__isnull=True),
                name="one_standing_merge_per_number",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by="")
                | Q(undone_at__isnull=False) & ~Q(undone_by=""),
                name="merge_undone_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(dead=F("survivor")), name="merge_is_of_two_patients"
            ),
        ]

    def __str__(self) -> str:
        return f"merge {self.pk}"
