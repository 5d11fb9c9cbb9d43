"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class RulesConfig(AppConfig):
    """Register rules and SLA policies."""

    name = "apps.rules"
    label = "rules"
    default_auto_field = "django.db.models.BigAutoField"
