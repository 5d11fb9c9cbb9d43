"""What can go wrong with rules."""

from __future__ import annotations


class OrderChangedError(Exception):
    """Somebody changed the order of the rules after the page was shown."""


class UnknownPlaceError(ValueError):
    """A rule was to be moved to where there is no place."""


class ShadowError(Exception):
    """A draft cannot be asked beside the live rules; says why, for the person who asked."""


class DraftError(Exception):
    """A draft cannot be changed, agreed to or put in force; says why, for the person who asked."""


class DraftChangedError(DraftError):
    """The draft is no longer what the person saw who asks for something to be done with it."""


class StaleDraftError(DraftError):
    """Somebody changed rules in force that the draft changes too."""


class ChangedSinceError(Exception):
    """Rules were changed after somebody looked at what would follow."""
