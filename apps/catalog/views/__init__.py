"""The pages of places and procedures."""

from __future__ import annotations
