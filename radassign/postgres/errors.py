"""What can go wrong with the embedded server, in words for whoever starts it."""

from __future__ import annotations


class PostgresError(Exception):
    """The embedded server cannot be found, made, started or stopped; the message says why."""
