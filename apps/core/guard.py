"""The decorator that stands before every page: signed in, and allowed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from apps.core.access import NO_ACCESS, Access, Permission, Scope
from apps.core.htmx import HtmxHttpRequest, signed_in

P = ParamSpec("P")


class GuardedRequest(HtmxHttpRequest):
    """A request of somebody who is signed in, as a guarded view gets it.

    ``access`` is all that the person may; ``scope`` the sites at which they may do what this
    view is for.
    """

    access: Access
    scope: Scope


View = Callable[Concatenate[GuardedRequest, P], HttpResponse]


def access_of(request: HttpRequest) -> Access:
    """Return what the viewer may do, as the middleware found it."""
    found: Access = getattr(request, "access", NO_ACCESS)
    return found


def require(permission: Permission) -> Callable[[View[P]], View[P]]:
    """Let in who has the permission somewhere, and hand the view its ``request.scope``.

    Who is not signed in goes to the sign-in page; who is not allowed anywhere gets 403. A record
    outside of the scope is the view's to answer, with 404: it must not tell that it exists.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: GuardedRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            request.scope = request.access.scope(permission)
            if not request.scope:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        entered: View[P] = signed_in(guarded)  # type: ignore[arg-type] # the middleware gives access
        entered.permission = permission  # type: ignore[attr-defined] # the tests walk all views
        return entered

    return decorate


def require_everywhere(permission: Permission) -> Callable[[View[P]], View[P]]:
    """Let in only who has the permission at every site: for records that belong to all of them."""

    def decorate(view: View[P]) -> View[P]:
        @require(permission)
        @wraps(view)
        def guarded(request: GuardedRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.scope.everywhere:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate
