"""Closed vocabularies of intake."""

from __future__ import annotations

from django.db import models

ANSWERED_BEFORE_EFFECT = "answered_before_effect"
"""The flag of a message whose sender was told AA before it was known what becomes of it."""


class InboundState(models.TextChoices):
    """What became of a received message."""

    WAITING = "waiting", "Waiting to take effect"
    PROCESSED = "processed", "Took effect"
    IGNORED = "ignored", "Stored, not used"
    REFUSED = "refused", "Refused with AE or AR"
    QUARANTINED = "quarantined", "In quarantine"


class StatusMeaning(models.TextChoices):
    """What a sender's status events (ORC-1 SC with ORC-5 IP or CM) speak of."""

    READING = "reading", "The reading: IP is in progress, CM is reported"
    EXAM = "exam", "The exam only: noted, the reading goes on"
