"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class AssignmentConfig(AppConfig):
    """Register assignments, and what happens when a retry is due."""

    name = "apps.assignment"
    label = "assignment"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let due times begin a pass over the unassigned, and run the SLA clock."""
        from apps.assignment.desk import clocks  # noqa: PLC0415 -- models come first
        from apps.assignment.queries import people_insight, rule_insight  # noqa: PLC0415 -- same
        from apps.assignment.services import clock, offers, retry  # noqa: PLC0415 -- as above
        from apps.core import due  # noqa: PLC0415 -- as above
        from apps.roster import insight as roster_insight  # noqa: PLC0415 -- as above
        from apps.rules import insight  # noqa: PLC0415 -- as above

        roster_insight.register(people_insight.PeopleInsight())
        insight.register(rule_insight.RuleInsight())
        due.register(clocks.RETRY_KIND, retry.on_due)
        due.register(clocks.SEAT_KIND, retry.on_seat_freed)
        due.register(clocks.OFFER_KIND, offers.on_look)
        clock.register_all()
