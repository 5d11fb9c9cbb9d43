"""The page of a request that failed; it asks nothing of the database."""

from __future__ import annotations

import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from psycopg_pool import PoolTimeout

from apps.core import request_id

_AWAY = (OperationalError, InterfaceError, PoolTimeout)
_RETRY_AFTER_SECONDS = 5


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """Return 503 while the database is away, else 500."""
    context = {"request_id": request_id.current()}
    if isinstance(sys.exc_info()[1], _AWAY):
        return HttpResponse(
            render_to_string("errors/unavailable.html", context),
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            headers={"Retry-After": str(_RETRY_AFTER_SECONDS)},
        )
    return HttpResponse(
        render_to_string("500.html", context), status=HTTPStatus.INTERNAL_SERVER_ERROR
    )
