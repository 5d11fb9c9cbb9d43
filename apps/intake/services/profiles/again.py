"""What runs again once a sender profile was saved.

Parked studies are read again by the worker, which sees that the senders' version rose. Messages
in quarantine are let go here, in the transaction that saves the profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.core.access import EVERYWHERE
from apps.intake.models import SenderProfile
from apps.intake.queries.sender_waiting import quarantined_ids, waiting
from apps.intake.services.by_hand import run_again


@dataclass(frozen=True, slots=True)
class Again:
    """How much runs again."""

    parked: int = 0
    quarantined: int = 0

    @property
    def words(self) -> str:
        """Return it as a sentence, empty where nothing runs."""
        parts = [
            _counted(self.parked, "parked study is", "parked studies are", "read again"),
            _counted(self.quarantined, "message leaves", "messages leave", "quarantine"),
        ]
        return " and ".join(filter(None, parts))

    def __add__(self, other: Again) -> Again:
        """Return how much runs again of both."""
        return Again(self.parked + other.parked, self.quarantined + other.quarantined)


def _counted(count: int, one: str, more: str, rest: str) -> str:
    return f"{count} {one if count == 1 else more} {rest}" if count else ""


def run_waiting_again(profile: SenderProfile, *, may_run: bool, at: datetime) -> Again:
    """Let everything of a saved profile's senders run again; return how much that is.

    Args:
        profile: saved in this transaction.
        may_run: whether the person may let messages run again.
        at: now.
    """
    found = waiting(profile, EVERYWHERE)
    ids = quarantined_ids(found) if may_run else []
    return Again(found.parked_count, run_again(message_ids=ids, at=at) if ids else 0)
