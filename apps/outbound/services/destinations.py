"""Switches destinations on and off."""

from __future__ import annotations

from apps.outbound.models import Destination


def switch_destination(destination: Destination, *, is_enabled: bool) -> None:
    """Let messages go out, or keep them in the queue; nothing else changes."""
    destination.is_enabled = is_enabled
    destination.save(update_fields=["is_enabled"])
