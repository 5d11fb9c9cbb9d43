"""What every request knows of its viewer: their time zone, and what they may do."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from apps.accounts.queries.access import access_of

Handler = Callable[[HttpRequest], HttpResponse]


class ViewerZoneMiddleware:
    """Make the signed-in user's ``time_zone`` the current one while their request is answered.

    Who is not signed in sees UTC. A visitor without a session cookie costs no query.
    """

    def __init__(self, get_response: Handler) -> None:
        """Wrap the next handler."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request in the viewer's zone."""
        with timezone.override(_zone_of(request)):
            return self._get_response(request)


class AccessMiddleware:
    """Give the request ``access``: what its viewer may do, read when first asked."""

    def __init__(self, get_response: Handler) -> None:
        """Wrap the next handler."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request with the viewer's access at hand."""
        viewer = request.user
        request.access = SimpleLazyObject(lambda: access_of(viewer))  # type: ignore[attr-defined]
        return self._get_response(request)


def _zone_of(request: HttpRequest) -> zoneinfo.ZoneInfo:
    name = getattr(request.user, "time_zone", "UTC")
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, zoneinfo.ZoneInfoNotFoundError):
        # The name was valid when it was saved; a zone database may lose one later.
        return zoneinfo.ZoneInfo("UTC")
