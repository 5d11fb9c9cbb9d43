"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class RosterConfig(AppConfig):
    """Register radiologists and shifts."""

    name = "apps.roster"
    label = "roster"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Answer what follows for shifts and readers from a change of the catalogue."""
        from apps.catalog import effects  # noqa: PLC0415 -- models come first
        from apps.roster import site_effects  # noqa: PLC0415 -- as above

        effects.SITE_SWITCHED_OFF.register(site_effects.shifts_of)
        effects.PROCEDURE_CHANGED.register(site_effects.readers_of)
