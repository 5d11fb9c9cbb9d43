"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class RosterConfig(AppConfig):
    """Register radiologists and shifts."""

    name = "apps.roster"
    label = "roster"
    default_auto_field = "django.db.models.BigAutoField"
