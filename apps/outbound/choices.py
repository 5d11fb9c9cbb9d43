"""Closed vocabularies of delivery."""

from __future__ import annotations

from django.db import models


class OutboundState(models.TextChoices):
    """Where an outbound message is; SENT is written while its answer is awaited."""

    QUEUED = "queued", "Queued"
    DELIVERED = "delivered", "Delivered"
    DEAD = "dead", "Dead letter"
    CANCELLED = "cancelled", "Withdrawn by hand"


class OnDeadLetter(models.TextChoices):
    """What a dead letter does to the later messages of its order."""

    HOLD = "hold", "Hold the order's later messages"
    SKIP = "skip", "Go on with the order's later messages"


class OutboundKind(models.TextChoices):
    """What an outbound message tells."""

    ASSIGNED = "assigned", "Assigned"
    REASSIGNED = "reassigned", "Reassigned"
    UNASSIGNED = "unassigned", "Unassigned"
    CANCELLED = "cancelled", "Cancelled"
