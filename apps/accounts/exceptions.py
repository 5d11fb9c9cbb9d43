"""What can go wrong when people and roles are changed."""

from __future__ import annotations


class LastAdministratorError(Exception):
    """Nobody would be left who may change people everywhere."""
