"""Where a page returns to: the address it was opened from."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from apps.core.htmx import own_address


def back_to(request: HttpRequest, url_name: str) -> str:
    """Return the address in ``?back=`` if it is one of ours, else the named page."""
    return own_address(request.GET.get("back", ""), reverse(url_name))
