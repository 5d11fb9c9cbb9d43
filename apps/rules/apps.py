"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class RulesConfig(AppConfig):
    """Register rules and SLA policies."""

    name = "apps.rules"
    label = "rules"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Answer which rules name a shift or a radiologist, and put drafts in force in time."""
        from apps.core import due  # noqa: PLC0415 -- as above
        from apps.roster.queries import uses  # noqa: PLC0415 -- models come first
        from apps.rules import naming  # noqa: PLC0415 -- as above
        from apps.rules.services import drafts  # noqa: PLC0415 -- as above

        due.register(drafts.LIVE_KIND, drafts.on_due)
        uses.register(
            rules_naming_shift=naming.rules_naming_shift,
            rules_naming_person=naming.rules_naming_person,
        )
