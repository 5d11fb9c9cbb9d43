"""Closed vocabularies of accounts."""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    """What a person is here for. Source: spec 6, roles."""

    ADMINISTRATOR = "administrator", "Administrator"
    MANAGER = "manager", "Manager"
    RADIOLOGIST = "radiologist", "Radiologist"
    TECHNICIAN = "technician", "Technician"
    REFERRING_PROVIDER = "referring_provider", "Referring provider"
    AUDITOR = "auditor", "Auditor"
