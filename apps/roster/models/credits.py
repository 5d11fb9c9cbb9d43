"""Work that is not reading, and counts all the same."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.audit.triggers import audited
from apps.core.triggers import raises_version
from apps.roster.choices import CreditKind
from apps.roster.models.people import Radiologist


class WorkCredit(models.Model):
    """Time on duty in which somebody did not read: a board, a call, a procedure, teaching.

    It is taken out of the hours over which their share of the work is counted, so that they owe
    no reading for it. Start included, end not.
    """

    radiologist = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, related_name="work_credits"
    )
    kind = models.CharField(max_length=12, choices=CreditKind)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True, default="")
    made_by = models.CharField(max_length=160, blank=True, default="")

    class Meta:
        ordering = ["-start_at"]
        indexes = [models.Index(fields=["radiologist", "-start_at"], name="credit_by_reader")]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_at__gt=F("start_at")),
                name="credit_ends_after_start",
                violation_error_message="The end lies before the start.",
            )
        ]
        triggers = [audited(), raises_version("presence")]

    def __str__(self) -> str:
        return f"{self.get_kind_display().lower()} of {self.radiologist_id}"
