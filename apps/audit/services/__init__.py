"""Writes of the audit room: lines of the trail, and taking a change back."""

from __future__ import annotations
