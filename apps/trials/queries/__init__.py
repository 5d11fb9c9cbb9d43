"""What trials read."""

from __future__ import annotations
