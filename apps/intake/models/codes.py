"""Procedure codes of senders that the table does not know."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Upper

from apps.audit.triggers import audited


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
