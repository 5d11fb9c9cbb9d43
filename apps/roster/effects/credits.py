"""What follows from logging other work, in words."""

from __future__ import annotations

from datetime import timedelta

from apps.audit.editing import Effect
from apps.core.spans import in_words
from apps.roster.models import WorkCredit
from apps.roster.queries.credits import logged_already

_NO_TIME = timedelta()


def credit_effects(credit: WorkCredit) -> list[Effect]:
    """Return what saving it would do to the share."""
    twice = logged_already(credit)
    news = credit.end_at - credit.start_at - twice
    effects = [
        Effect(
            f"{in_words(news)} come out of the hours that count, as far as they were on duty "
            "then: less reading is owed for them."
        )
        if news > _NO_TIME
        else Effect("All of it is logged already; nothing changes.", "warn")
    ]
    if twice and news > _NO_TIME:
        effects.append(Effect(f"{in_words(twice)} of it are logged already and count once."))
    return effects
