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
        from apps.assignment.queries import (  # noqa: PLC0415 -- same
            balance_insight,
            people_insight,
            rule_insight,
            units_insight,
        )
        from apps.assignment.services import (  # noqa: PLC0415 -- same
            clock,
            lists,
            offers,
            proving,
            retry,
            shadows,
        )
        from apps.catalog.effects import UNITS_CHANGED  # noqa: PLC0415 -- as above
        from apps.core import due, events  # noqa: PLC0415 -- as above
        from apps.core.queue import jobs  # noqa: PLC0415 -- as above
        from apps.roster import insight as roster_insight  # noqa: PLC0415 -- as above
        from apps.rules import balance, insight  # noqa: PLC0415 -- as above
        from apps.rules.events import DraftChanged, DraftEnded  # noqa: PLC0415 -- as above
        from apps.rules.services.shadows import ENDS_KIND  # noqa: PLC0415 -- as above

        roster_insight.register(people_insight.PeopleInsight())
        insight.register(rule_insight.RuleInsight())
        balance.register(balance_insight.decided_otherwise)
        UNITS_CHANGED.register(units_insight.units_effects)
        due.register(clocks.RETRY_KIND, retry.on_due)
        due.register(clocks.SEAT_KIND, retry.on_seat_freed)
        due.register(clocks.OFFER_KIND, offers.on_look)
        due.register(clocks.LIST_KIND, lists.on_over)
        due.register(ENDS_KIND, shadows.on_end_due)
        due.register(shadows.FORGET_KIND, shadows.on_forget_due)
        events.subscribe(DraftChanged, shadows.on_draft_changed)
        events.subscribe(DraftEnded, shadows.on_draft_ended)
        clock.register_all()
        jobs.register(proving.NAME, proving.prove_nightly, proving.waiting_since)
