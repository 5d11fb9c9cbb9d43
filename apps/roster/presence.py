"""Where a reader is at a moment, and how long what was said of it holds."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.engine.codes import Presence

BUSY_MINUTES = (5, 10, 20, 40, 60)
"""For how long somebody may be busy; whoever needs longer has other work, which the roster says."""
USUALLY_BUSY = 20
UNHEARD = timedelta(minutes=10)
"""Without a sign of life for so long, who was online counts as away; away still gets work."""
BUSY_ENDS = "presence_busy_ends"
UNHEARD_OF = "presence_unheard_of"
"""Due times, by the radiologist's id."""


def presence_at(presence: str, busy_until: datetime | None, at: datetime) -> Presence:
    """Return where somebody is, as their workload row says it.

    Who was busy until a moment that has come is there again, also before that was noted.
    """
    known = Presence(presence)
    is_over = known is Presence.BUSY and busy_until is not None and busy_until <= at
    return Presence.ONLINE if is_over else known
