"""Where a page returns to: the address it was opened from."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def back_to(request: HttpRequest, url_name: str) -> str:
    """Return the address in ``?back=`` if it is one of ours, else the named page."""
    asked = request.GET.get("back", "")
    is_ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_ours else reverse(url_name)
