"""Closed vocabularies of intake."""

from __future__ import annotations

from django.db import models


class InboundState(models.TextChoices):
    """What became of a received message."""

    WAITING = "waiting", "Waiting to take effect"
    PROCESSED = "processed", "Took effect"
    IGNORED = "ignored", "Stored, not used"
    REFUSED = "refused", "Refused with AE or AR"
    QUARANTINED = "quarantined", "In quarantine"


class AccessionPlace(models.TextChoices):
    """Where a sender keeps the accession."""

    IPC_1 = "IPC-1", "IPC-1"
    OBR_18 = "OBR-18", "OBR-18"
    FILLER = "filler", "Filler order number (OBR-3, ORC-3)"
    PLACER = "placer", "Placer order number (OBR-2, ORC-2)"


class StatusMeaning(models.TextChoices):
    """What a sender's status events (ORC-1 SC with ORC-5 IP or CM) speak of."""

    READING = "reading", "The reading: IP is in progress, CM is reported"
    EXAM = "exam", "The exam only: noted, the reading goes on"
