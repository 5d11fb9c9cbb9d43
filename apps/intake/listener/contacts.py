"""When each sender was last heard, gathered between two writes; a bounded number of them.

A sender that a profile covers is noted under the profile's own name too, so that a profile for a
whole facility hears whichever of its systems speaks. Names that no profile knows are noted up to
a number: a hostile peer that makes up a new one for each message fills nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from apps.intake.listener.profiles import DEFAULT_PROFILE, Profile

Sender = tuple[str, str]
"""MSH-3.1 and MSH-4.1."""

MOST_NAMES = 2000
_NAME_CHARS = 200


class Contacts:
    """The senders heard since they were last taken."""

    def __init__(self, *, most: int = MOST_NAMES) -> None:
        self._most = most
        self._known: set[Sender] = set()
        self._heard: dict[Sender, datetime] = {}

    def know(self, senders: Iterable[Sender]) -> None:
        """Take note of senders that have a row already."""
        self._known.update(senders)

    def hear(self, sender: Sender, profile: Profile, at: datetime) -> None:
        """Note that a sender spoke."""
        if sender in self._known or self._is_new_and_fits(sender):
            self._heard[sender] = at
        if profile is not DEFAULT_PROFILE:
            self._heard[profile.sender] = at

    def take(self) -> dict[Sender, datetime]:
        """Return who was heard, and begin anew."""
        heard, self._heard = self._heard, {}
        return heard

    def give_back(self, heard: dict[Sender, datetime]) -> None:
        """Keep what could not be written for the next time."""
        self._heard = {**heard, **self._heard}

    def _is_new_and_fits(self, sender: Sender) -> bool:
        if len(self._known) >= self._most or not any(sender) or not all(map(_is_name, sender)):
            return False
        self._known.add(sender)
        return True


def _is_name(text: str) -> bool:
    """Return whether it can be kept and shown; NUL and lone surrogates cannot."""
    return len(text) <= _NAME_CHARS and (text.isprintable() or not text)
