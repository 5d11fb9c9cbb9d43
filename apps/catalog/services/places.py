"""Switches places on and off."""

from __future__ import annotations

from apps.catalog.models import Site


def switch_site(site: Site, *, is_active: bool) -> None:
    """Let orders find the site, or no longer; nothing else of it changes."""
    site.is_active = is_active
    site.save(update_fields=["is_active"])
