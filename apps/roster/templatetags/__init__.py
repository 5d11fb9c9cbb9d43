"""Template tags that show people and shifts."""

from __future__ import annotations
