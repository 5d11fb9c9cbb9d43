"""Writes of the assignment room: retrying the unassigned, replay, what follows a commit."""

from __future__ import annotations
