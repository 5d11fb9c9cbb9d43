"""Closed vocabularies of people and shifts."""

from __future__ import annotations

from django.db import models

from apps.engine.codes import Presence, Strategy


class PresenceChoices(models.TextChoices):
    """Where a radiologist is; unknown, online and away count as there."""

    UNKNOWN = Presence.UNKNOWN.value, "Unknown"
    ONLINE = Presence.ONLINE.value, "Online"
    AWAY = Presence.AWAY.value, "Away"
    OFFLINE = Presence.OFFLINE.value, "Offline"


class StrategyChoices(models.TextChoices):
    """The strategies that a shift may be given."""

    LOAD_BALANCED = Strategy.LOAD_BALANCED.value, "Load balanced"
    SCORED = Strategy.SCORED.value, "Scored"
    ROUND_ROBIN = Strategy.ROUND_ROBIN.value, "Round robin"
    URGENT = Strategy.URGENT.value, "Urgent (seniors first)"


class RosterStatus(models.TextChoices):
    """Whether a roster row or override counts."""

    ACTIVE = "active", "Active"
    CANCELLED = "cancelled", "Cancelled"


class OverrideKind(models.TextChoices):
    """How a roster row is overridden for some dates."""

    LEAVE = "leave", "Leave"
    SWAP = "swap", "Swap"
    EXTRA = "extra", "Extra"
