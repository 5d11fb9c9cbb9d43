from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from apps.accounts.models import User
from apps.core.access import EVERYWHERE, NO_ACCESS, Access, Permission, Scope
from apps.core.guard import GuardedRequest, access_of, require, require_everywhere

HERE = Scope(site_ids=frozenset({1}))
CAN = Permission.RULE_CHANGE


def _request(access: Access | None, **headers: str) -> GuardedRequest:
    request = RequestFactory().get("/rules/?q=x", headers=headers)
    request.user = User(username="ann") if access else AnonymousUser()
    request.access = access or NO_ACCESS
    request.htmx = HtmxDetails(request)
    return request  # type: ignore[return-value] # as the middleware leaves it


def _seen(request: GuardedRequest, word: str = "") -> HttpResponse:
    return HttpResponse(f"{request.scope.everywhere} {sorted(request.scope.site_ids)} {word}")


@pytest.mark.parametrize(
    ("guard", "scope", "answer"),
    [
        (require, HERE, "False [1] x"),
        (require, EVERYWHERE, "True [] x"),
        (require_everywhere, EVERYWHERE, "True [] x"),
    ],
)
def test_who_may_is_let_in_with_the_scope(
    guard: Callable[..., Callable[..., HttpResponse]], scope: Scope, answer: str
) -> None:
    request = _request(Access({CAN: scope}))
    assert guard(CAN)(_seen)(request, word="x").content.decode() == answer


@pytest.mark.parametrize(
    ("guard", "access"),
    [
        (require, Access({Permission.RULE_VIEW: EVERYWHERE})),
        (require, Access({CAN: Scope()})),
        (require_everywhere, Access({CAN: HERE})),
        (require_everywhere, Access({})),
    ],
)
def test_who_may_not_is_refused(
    guard: Callable[..., Callable[..., HttpResponse]], access: Access
) -> None:
    with pytest.raises(PermissionDenied):
        guard(CAN)(_seen)(_request(access))


@pytest.mark.parametrize("guard", [require, require_everywhere])
def test_who_is_not_signed_in_goes_to_the_sign_in_and_back(
    guard: Callable[..., Callable[..., HttpResponse]],
) -> None:
    answer = guard(CAN)(_seen)(_request(None))
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/rules/%3Fq%3Dx")
    part = guard(CAN)(_seen)(_request(None, **{"HX-Request": "true"}))
    assert part["HX-Redirect"] == "/login/?next=%2F"


@pytest.mark.parametrize("guard", [require, require_everywhere])
def test_a_guarded_view_says_what_it_asks_for(
    guard: Callable[..., Callable[..., HttpResponse]],
) -> None:
    view = guard(CAN)(_seen)
    assert (view.permission, view.__name__) == (CAN, "_seen")  # type: ignore[attr-defined] # set by require


def test_a_request_that_no_middleware_saw_may_nothing() -> None:
    assert access_of(RequestFactory().get("/")) == NO_ACCESS
