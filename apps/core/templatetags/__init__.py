"""Template tags that every room's pages use."""

from __future__ import annotations
