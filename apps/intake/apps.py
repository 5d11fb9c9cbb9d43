"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Register inbound messages, what waits for the decide cluster, and who is missed."""

    name = "apps.intake"
    label = "intake"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the watchdog ask what waits to be decided, and due times find silent senders."""
        from apps.core import due  # noqa: PLC0415 -- models come first
        from apps.core.queue.probes import register_probe  # noqa: PLC0415 -- as above
        from apps.intake.processing.queue import oldest_waiting_at  # noqa: PLC0415 -- as above
        from apps.intake.services import silence  # noqa: PLC0415 -- as above
        from apps.intake.silence import KIND  # noqa: PLC0415 -- as above

        register_probe("decide", oldest_waiting_at)
        due.register(KIND, silence.on_due)
