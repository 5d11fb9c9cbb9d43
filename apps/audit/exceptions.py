"""What can go wrong when a change is taken back."""

from __future__ import annotations


class UndoError(Exception):
    """The change cannot be taken back; the message says why, in words for a person."""
