"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Register patients and orders."""

    name = "apps.orders"
    label = "orders"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Answer what follows for waiting studies from a change of the catalogue."""
        from apps.catalog import effects  # noqa: PLC0415 -- models come first
        from apps.orders import site_effects  # noqa: PLC0415 -- as above

        effects.SITE_SWITCHED_OFF.register(site_effects.waiting_at)
        effects.PROCEDURE_CHANGED.register(site_effects.waiting_for)
