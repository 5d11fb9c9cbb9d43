"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class RosterConfig(AppConfig):
    """Register radiologists and shifts."""

    name = "apps.roster"
    label = "roster"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Answer what follows from a change of the catalogue, and end presences in time."""
        from apps.catalog import effects  # noqa: PLC0415 -- models come first
        from apps.core import due  # noqa: PLC0415 -- as above
        from apps.core.queue import jobs  # noqa: PLC0415 -- as above
        from apps.roster import planning_tasks, presence, site_effects  # noqa: PLC0415 -- as above
        from apps.roster.effects import calendars  # noqa: PLC0415 -- as above
        from apps.roster.importing import refreshing  # noqa: PLC0415 -- as above
        from apps.roster.services import documents  # noqa: PLC0415 -- as above
        from apps.roster.services import presence as presences  # noqa: PLC0415 -- as above
        from apps.roster.services.drafting import working as drafting  # noqa: PLC0415 -- as above

        jobs.register("roster feeds", refreshing.refresh_next, refreshing.due_since)
        due.register(presence.BUSY_ENDS, presences.on_busy_end)
        due.register(presence.UNHEARD_OF, presences.on_unheard_of)
        due.register(documents.SWEEP, documents.on_sweep)
        jobs.register("auto-roster", planning_tasks.plan_once, drafting.waiting_since)
        effects.SITE_SWITCHED_OFF.register(site_effects.shifts_of)
        effects.PROCEDURE_CHANGED.register(site_effects.readers_of)
        effects.CALENDAR_CHANGED.register(calendars.days_changed)
