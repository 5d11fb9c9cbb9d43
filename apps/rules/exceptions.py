"""What can go wrong with rules."""

from __future__ import annotations


class OrderChangedError(Exception):
    """Somebody changed the order of the rules after the page was shown."""


class UnknownPlaceError(ValueError):
    """A rule was to be moved to where there is no place."""
