"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class AssignmentConfig(AppConfig):
    """Register assignments, and what happens when a retry is due."""

    name = "apps.assignment"
    label = "assignment"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let a due time begin a pass over the unassigned."""
        from apps.assignment.services import retry  # noqa: PLC0415 -- models come first
        from apps.core import due  # noqa: PLC0415 -- as above

        due.register(retry.DUE_KIND, retry.on_due)
