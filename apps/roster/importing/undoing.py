"""Takes back what a feed last did to the roster by itself.

It did so as nobody's request, so whoever looks after the feed may take it back, for longer than
their own changes: a feed is often noticed the next morning only.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from apps.audit.exceptions import UndoError
from apps.audit.services.undo import undo
from apps.core.access import Access
from apps.core.actor import Actor
from apps.roster.models import RosterSource, RosterSourceState

ACTOR = Actor.system("roster-feed")
NOTED = ("request", "request_at")
"""What is noted of the last time, and stays noted when the feed is read again."""
_LONGEST = timedelta(days=7)


def note(source: RosterSource, request_id: str, *, at: datetime) -> None:
    """Note what the feed's last changes are tied to."""
    state = RosterSourceState.objects.select_for_update().defer("content", "events")
    found = state.get(pk=source.pk)
    found.found = {**found.found, "request": request_id, "request_at": at.isoformat()}
    found.save(update_fields=["found"])


def can_undo(state: RosterSourceState, at: datetime) -> bool:
    """Return whether the last change of the roster by this source was the feed's own, and new."""
    noted = state.found.get("request_at")
    return bool(noted) and at - datetime.fromisoformat(noted) <= _LONGEST


@transaction.atomic
def undo_last(source: RosterSource, *, access: Access, at: datetime) -> int:
    """Take back what the feed did last; it is not done again without a look.

    Returns:
        How many rows.

    Raises:
        UndoError: there is nothing to take back, or a row was changed since.
    """
    state = RosterSourceState.objects.select_for_update().defer("content", "events")
    found = state.filter(pk=source.pk).first()
    if found is None or not can_undo(found, at):
        raise UndoError("There is nothing that the feed did last.")
    request_id = found.found["request"]
    number = undo(request_id, actor=str(ACTOR), access=access, since=_LONGEST)
    left = {name: value for name, value in found.found.items() if name not in NOTED}
    found.found = {**left, "waits": True, "held_back": TAKEN_BACK}
    found.save(update_fields=["found"])
    return number


TAKEN_BACK = "It was applied before, and taken back."
