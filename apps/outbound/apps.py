"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class OutboundConfig(AppConfig):
    """Register destinations and their messages, and what waits for the deliver cluster."""

    name = "apps.outbound"
    label = "outbound"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the watchdog ask what waits to be sent."""
        from apps.core.queue.probes import register_probe  # noqa: PLC0415 -- models come first
        from apps.outbound.queries.waiting import oldest_waiting_now  # noqa: PLC0415 -- as above

        register_probe("deliver", oldest_waiting_now)
