"""Where a page returns to: the address it was opened from."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import reverse

from apps.core.guard import GuardedRequest
from apps.core.htmx import own_address


def back_to(request: HttpRequest, url_name: str) -> str:
    """Return the address in ``?back=`` if it is one of ours, else the named page."""
    return own_address(request.GET.get("back", ""), reverse(url_name))


def back_to_grid(request: GuardedRequest) -> str:
    """Return the roster as it was looked at, its filters kept.

    A grid has a thousand links, so none of them carries the address: htmx tells it, and without
    htmx the browser does.
    """
    asked = request.GET.get("back", "") or request.POST.get("back", "")
    if asked:
        return own_address(asked, reverse("roster"))
    if request.htmx:
        return _of_grid(request.htmx.current_url_abs_path or "")
    came_from = urlsplit(request.headers.get("Referer", ""))
    is_ours = came_from.netloc == request.get_host()
    return _of_grid(f"{came_from.path}?{came_from.query}" if is_ours else "")


def _of_grid(address: str) -> str:
    """Return an address of the grid; of another page, the grid as it is at first."""
    grid = reverse("roster")
    return address.rstrip("?") if urlsplit(address).path == grid else grid
