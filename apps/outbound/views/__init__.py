"""The pages of destinations and of what they did not take."""

from __future__ import annotations
