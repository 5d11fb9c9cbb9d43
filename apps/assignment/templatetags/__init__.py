"""Template tags of studies and assignments."""

from __future__ import annotations
