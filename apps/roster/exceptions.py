"""What can go wrong with rosters from elsewhere."""

from __future__ import annotations


class RosterImportError(Exception):
    """A file or feed cannot be read as a roster; the words say why."""


class FetchError(RosterImportError):
    """A feed could not be fetched; the words say why, and name no part of the address."""


class OverTimeError(RosterImportError):
    """A feed took too long to work out, and was ended."""


class StaleRosterError(Exception):
    """What was shown is no longer what would be done; nothing was written."""
