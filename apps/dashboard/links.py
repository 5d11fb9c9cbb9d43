"""Addresses of the lists behind what the board shows."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from apps.dashboard.lens import Lens


def link(url_name: str, lens: Lens, **asked: str) -> str:
    """Return the address of a list, narrowed as the board is and by what is asked."""
    query = "&".join(filter(None, [urlencode(asked), lens.query]))
    address = reverse(url_name)
    return f"{address}?{query}" if query else address
