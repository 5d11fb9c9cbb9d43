"""Answers the polls of boards that did not change before anything else is done for them.

Most polls find nothing new. To look up the session, the person and their roles for each would
cost more than everything else on the board. So this stands before all that: it answers 204, which
says nothing, and only to who names the digests of what is there now; whoever knows them has the
board on their screen. Whatever says more goes the guarded way, and each page goes it twice a
minute in any case: there an ended session ends at the sign-in page.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.core import clock
from apps.core.htmx import unchanged
from apps.dashboard.board import is_current, is_trusted

Handler = Callable[[HttpRequest], HttpResponse]


class UnchangedBoardMiddleware:
    """Answer 204 to a board's poll when nothing changed."""

    def __init__(self, get_response: Handler) -> None:
        """Wrap the next handler."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the poll, or pass the request on."""
        if _is_poll(request):
            at = clock.now()
            stamp, seen = request.GET.get("stamp", ""), request.GET["seen"]
            if is_trusted(stamp, at) and is_current(seen, at):
                return unchanged()
        return self._get_response(request)


def _is_poll(request: HttpRequest) -> bool:
    return (
        request.path_info == "/"
        and request.method == "GET"
        and "HTTP_HX_REQUEST" in request.META
        and "seen" in request.GET
    )
