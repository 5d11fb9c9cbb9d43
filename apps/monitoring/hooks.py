"""The hook by which another system has the configuration read anew."""

from __future__ import annotations

import secrets
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.core import clock
from apps.monitoring.refresh import force_reload
from apps.monitoring.throttle import Throttle

# Apart, so that who guesses tokens does not keep out who has one.
KNOWN = Throttle(burst=5, per_second=1)
STRANGERS = Throttle(burst=20, per_second=5)


@csrf_exempt
@never_cache
@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Force a reload and answer 204; the bearer token says who may. Source: RFC 6750."""
    is_known = _has_token(request)
    if not (KNOWN if is_known else STRANGERS).take():
        return HttpResponse(status=HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": "1"})
    if not is_known:
        headers = {"WWW-Authenticate": 'Bearer realm="radassign"'}
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers=headers)
    force_reload(at=clock.now())
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _has_token(request: HttpRequest) -> bool:
    """Return whether the request carries the token, in a time that tells nothing of it."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = token.strip().encode("utf-8", "surrogateescape")
    is_equal = secrets.compare_digest(given, settings.REFRESH_TOKEN.encode())
    return is_equal and scheme.lower() == "bearer"
