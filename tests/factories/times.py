"""The moment at which the rows of the factories were made, unless a test says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime

NOON = datetime(2026, 2, 4, 2, 0, tzinfo=UTC)
"""Wednesday, 12:00 in Brisbane, which is ten hours ahead of UTC all year."""
