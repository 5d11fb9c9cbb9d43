"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Register inbound messages, and what waits for the decide cluster."""

    name = "apps.intake"
    label = "intake"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the watchdog ask what waits to be decided."""
        from apps.core.queue.probes import register_probe  # noqa: PLC0415 -- models come first
        from apps.intake.processing.queue import oldest_waiting_at  # noqa: PLC0415 -- as above

        register_probe("decide", oldest_waiting_at)
