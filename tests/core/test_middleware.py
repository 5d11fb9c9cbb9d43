from __future__ import annotations

import re
from http import HTTPStatus

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from apps.core import actor, request_id
from apps.core.middleware import ActorMiddleware, RequestIdMiddleware


def _request(method: str, *, signed_in: bool) -> HttpRequest:
    request = RequestFactory().generic(method, "/rules/")
    user = get_user_model()(username="manager")
    request.user = user if signed_in else AnonymousUser()
    return request


def _actor_told_to_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('radassign.actor', true), '')")
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.db
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_an_unsafe_request_acts_as_its_user_in_one_transaction(method: str) -> None:
    def view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"{actor.current()} {_actor_told_to_database()}")

    response = ActorMiddleware(view)(_request(method, signed_in=True))
    assert response.content == b"user:manager user:manager"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("method", "signed_in"), [("GET", True), ("HEAD", True), ("POST", False)])
def test_safe_and_anonymous_requests_open_no_transaction(method: str, signed_in: bool) -> None:
    def view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"{actor.current()} {transaction.get_connection().in_atomic_block}")

    response = ActorMiddleware(view)(_request(method, signed_in=signed_in))
    assert response.content == b"None False"


@pytest.mark.db
@pytest.mark.parametrize(
    ("status", "remains"), [(HTTPStatus.INTERNAL_SERVER_ERROR, False), (HTTPStatus.OK, True)]
)
def test_a_request_that_failed_leaves_nothing_behind(status: HTTPStatus, remains: bool) -> None:
    def view(_request: HttpRequest) -> HttpResponse:
        Group.objects.create(name="written")
        return HttpResponse(status=status)

    ActorMiddleware(view)(_request("POST", signed_in=True))
    assert Group.objects.exists() is remains


def test_every_request_has_an_id_of_ours_whatever_the_client_sends() -> None:
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.extend([request_id.current(), request.META["HTTP_X_REQUEST_ID"]])
        return HttpResponse()

    request = RequestFactory().get("/", headers={"X-Request-ID": "forged"})
    response = RequestIdMiddleware(view)(request)
    assert seen == [response["X-Request-ID"]] * 2
    assert re.fullmatch(r"[0-9a-f]{32}", seen[0])
    assert request_id.current() == ""
