"""What every request gets: an id, and an actor whose changes are one transaction."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse

from apps.core import request_id
from apps.core.actor import Actor, acting_as
from apps.core.legible import without_tricks

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

Handler = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Give the request an id of its own, and tell it to the caller in ``X-Request-ID``.

    What a client sends under that name is not taken over: the id stands in the audit trail,
    and there only we write it.
    """

    def __init__(self, get_response: Handler) -> None:
        """Wrap the next handler."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request with the id set."""
        with request_id.new() as current:
            # django-structlog reads the header and logs every line of the request under it.
            request.META["HTTP_X_REQUEST_ID"] = current
            response = self._get_response(request)
            response["X-Request-ID"] = current
            return response


class NoNulMiddleware:
    """Answer 404 to a path that holds a NUL: no record is called so, and no database looks for it."""

    def __init__(self, get_response: Handler) -> None:
        """Wrap the next handler."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request.

        Raises:
            Http404: there can be no such page.
        """
        if "\0" in request.path_info:
            raise Http404
        return self._get_response(request)


class LegibleMiddleware:
    """Draw what cannot be seen on every page, whichever field of a message it came in."""

    def __init__(self, get_response: Handler) -> None:
        """Wrap the next handler."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; files and answers for machines stay as they are."""
        response = self._get_response(request)
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response
        page = response.content.decode(response.charset)
        legible = without_tricks(page)
        if legible != page:
            response.content = legible.encode(response.charset)
        return response


class ActorMiddleware:
    """Run every unsafe request of a signed-in user in one transaction that knows the user.

    The audit triggers read the actor from that transaction, so a change made through any view,
    the admin's included, names who made it.
    """

    def __init__(self, get_response: Handler) -> None:
        """Wrap the next handler."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; an unsafe one that fails leaves nothing behind."""
        if request.method in _SAFE_METHODS or not request.user.is_authenticated:
            return self._get_response(request)
        return self._answer_as_user(request)

    def _answer_as_user(self, request: HttpRequest) -> HttpResponse:
        with acting_as(Actor.user(request.user)) as transaction:
            response = self._get_response(request)
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                # Django has turned the exception into a page already; nothing may stay.
                transaction.roll_back()
            return response
