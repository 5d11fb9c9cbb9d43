"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Register what every app stands on."""

    name = "apps.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from apps.core import checks  # noqa: F401, PLC0415 -- checks register on import
