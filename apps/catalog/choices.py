"""Closed vocabularies of the catalogue."""

from __future__ import annotations

from django.db import models

from apps.engine.codes import Urgency


class UrgencyChoices(models.TextChoices):
    """The urgencies as the engine knows them."""

    STAT = Urgency.STAT.value, "STAT"
    URGENT = Urgency.URGENT.value, "Urgent"
    ROUTINE = Urgency.ROUTINE.value, "Routine"
