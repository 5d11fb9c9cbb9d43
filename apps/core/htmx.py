"""Pages and the parts of them that htmx asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

_VARY = ("HX-Request", "HX-Boosted", "HX-History-Restore-Request")
P = ParamSpec("P")


class HtmxHttpRequest(HttpRequest):
    """A request as the htmx middleware leaves it."""

    htmx: HtmxDetails


View = Callable[Concatenate[HtmxHttpRequest, P], HttpResponse]


def render_part(
    request: HtmxHttpRequest, page: str, part: str, context: Mapping[str, Any]
) -> HttpResponse:
    """Render the part that htmx asks for, or the page that includes it.

    A boosted link and a page restored from the history want the whole page, although htmx asks.
    """
    response = render(request, part if wants_part(request) else page, dict(context))
    patch_vary_headers(response, _VARY)
    return response


def wants_part(request: HtmxHttpRequest) -> bool:
    """Return whether htmx asks for a part of the page that is already shown."""
    htmx = request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def unchanged() -> HttpResponse:
    """Return the answer after which htmx leaves the shown part as it is."""
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def signed_in(view: View[P]) -> View[P]:
    """Send who is not signed in to the sign-in page, and back afterwards.

    A part's poll would put the sign-in page into the middle of the page it polls for, so it is
    told to leave the page instead.
    """

    @wraps(view)
    def guarded(request: HtmxHttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if not wants_part(request):
            return redirect_to_login(request.get_full_path())
        shown = urlsplit(request.htmx.current_url_abs_path or "/").path
        back = urlencode({"next": shown})
        return HttpResponseClientRedirect(f"{resolve_url(settings.LOGIN_URL)}?{back}")

    return guarded


def own_address(asked: str, otherwise: str) -> str:
    """Return an address that a form or a link asks to go back to, if it is one of ours.

    Only a path counts: a bare word would be taken for the name of a view.
    """
    is_ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_ours else otherwise
