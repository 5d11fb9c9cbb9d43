"""Closed vocabularies of the catalogue."""

from __future__ import annotations

from django.db import models

from apps.engine.codes import Urgency


class UrgencyChoices(models.TextChoices):
    """The urgencies as the engine knows them."""

    STAT = Urgency.STAT.value, "STAT"
    URGENT = Urgency.URGENT.value, "Urgent"
    ROUTINE = Urgency.ROUTINE.value, "Routine"


class ImportMode(models.TextChoices):
    """What a file may do to procedures that are there already."""

    UPDATE = "update", "Add and update"
    ADD = "add", "Only add"
    EXACT = "exact", "Make it exactly so"


class ImportKind(models.TextChoices):
    """What a file that waits is."""

    PROCEDURES = "procedures", "Procedures"
    RVU = "rvu", "RVU"


class CalendarDayKind(models.TextChoices):
    """What a calendar says of a day of the department's own."""

    CLOSURE = "closure", "Closure"
    HOLIDAY = "holiday", "Holiday"
    WORKING = "working", "Working day"
