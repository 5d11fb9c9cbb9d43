"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Register the append-only trail."""

    name = "apps.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
