"""The append-only trail: who changed what, from what, to what."""

from __future__ import annotations

import pgtrigger
from django.db import models


class AuditEvent(models.Model):
    """One change. No foreign keys, so that a trail outlives what it tells of."""

    at = models.DateTimeField(db_index=True)
    entity = models.CharField(max_length=63)
    entity_id = models.CharField(max_length=80)
    action = models.CharField(max_length=40)
    old_values = models.JSONField(null=True, blank=True)
    new_values = models.JSONField(null=True, blank=True)
    actor = models.CharField(max_length=160)
    request_id = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name = "audit event"
        indexes = [models.Index(fields=["entity", "entity_id"], name="audit_by_entity")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.entity_id} {self.action} by {self.actor}"
