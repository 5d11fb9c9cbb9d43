"""Closed vocabularies of orders."""

from __future__ import annotations

from django.db import models


class OrderStatus(models.TextChoices):
    """Where an order is on its way. Source: spec 5."""

    RECEIVED = "received", "Received"
    UNASSIGNED = "unassigned", "Unassigned"
    ASSIGNED = "assigned", "Assigned"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    IN_PROGRESS = "in_progress", "In progress"
    PRELIMINARY = "preliminary", "Preliminary"
    FINAL = "final", "Final"
    AMENDED = "amended", "Amended"
    HELD = "held", "Held"
    CANCELLED = "cancelled", "Cancelled"


class IdentifierKind(models.TextChoices):
    """What kind of number identifies an order within its issuer."""

    STUDY_UID = "study_uid", "Study instance UID"
    ACCESSION = "accession", "Accession"
    FILLER = "filler", "Filler order number"
    PLACER = "placer", "Placer order number"
