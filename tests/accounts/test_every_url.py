"""Every address, each role, own and other site, and nobody: what is answered is what is said.

The walk begins at the resolver, so that a page that is added without a guard, or without a line
in ``tests/accounts/pages.py``, fails here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from apps.accounts.choices import Role
from apps.accounts.models import User
from apps.accounts.roles import ROLES
from apps.catalog.models import Site
from tests.accounts.pages import OWN, PAGES, PUBLIC, Page, Scene, Values, Where, order_of_nobody
from tests.factories import RadiologistFactory, SiteFactory, UserFactory
from tests.support.people import client_of, person

ALLOWED = frozenset({200, 204, 302, 400, 409, 422})
"""The page was reached; what it makes of an empty form is its own matter."""


def _addresses(resolver: URLResolver) -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        if not isinstance(pattern, URLResolver):
            yield str(pattern.name), pattern.callback
        elif pattern.app_name != "admin":
            yield from _addresses(pattern)


VIEWS = dict(_addresses(get_resolver()))


def test_every_address_has_a_name_of_its_own() -> None:
    names = [name for name, _view in _addresses(get_resolver())]
    assert sorted(names) == sorted(set(names) - {"None"})


def test_every_view_is_guarded_or_in_the_short_list_of_open_ones() -> None:
    open_ = {name for name, view in VIEWS.items() if not hasattr(view, "permission")}
    assert open_ - PUBLIC - OWN == set(), "give these views @require, or list them as open"


def test_every_guarded_address_is_told_in_the_list_of_pages() -> None:
    missing = set(VIEWS) - set(PAGES) - PUBLIC - OWN
    assert missing == set(), "add a Page for each of these to tests/accounts/pages.py"
    assert set(PAGES) - set(VIEWS) == set(), "these pages are gone"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_asks_for_the_permission_that_is_said(name: str) -> None:
    assert VIEWS[name].permission is PAGES[name].permission


@dataclass(frozen=True)
class Viewer:
    """Somebody at the door: their role, and whether it holds everywhere or at the own site."""

    words: str
    client: Client
    scene: Scene
    role: Role | None = None
    is_everywhere: bool = False

    def may(self, page: Page) -> bool:
        return self.role is not None and page.permission in ROLES[self.role]


@pytest.fixture
def own(db: None) -> Site:  # noqa: ARG001 -- a fixture for its effect
    return SiteFactory.create()


@pytest.fixture
def other(db: None) -> Site:  # noqa: ARG001 -- a fixture for its effect
    return SiteFactory.create()


@pytest.fixture
def viewers(own: Site) -> list[Viewer]:
    """Return each role at the own site and everywhere, and somebody without any."""
    without = Scene(own, RadiologistFactory.create())
    found = [Viewer("nobody's role", client_of(UserFactory.create()), without)]
    for role in Role:
        for site in (own, None):
            user = person(role, site=site)
            reader = RadiologistFactory.create(user=user)
            words = f"{role.value} {'everywhere' if site is None else 'of the site'}"
            scene = Scene(own, reader)
            found.append(Viewer(words, client_of(user), scene, role, is_everywhere=site is None))
    return found


def _expected(page: Page, viewer: Viewer, method: str, *, is_own: bool) -> frozenset[int]:
    """Return what must be answered, by the list of pages and the matrix alone."""
    if method not in page.methods.split():
        return frozenset({405})
    if not viewer.may(page):
        return frozenset({403})
    if page.where is Where.EVERYWHERE:
        return ALLOWED if viewer.is_everywhere else frozenset({403})
    if page.where is Where.OWN and not is_own:
        return frozenset({404})
    if page.where is Where.AT_SITE and not (is_own or viewer.is_everywhere):
        return frozenset({404})
    return ALLOWED


def _asked(client: Client, method: str, name: str, values: Values, page: Page) -> HttpResponse:
    """Return the answer; whatever the page did is undone."""
    address = reverse(name, kwargs=values)
    with transaction.atomic():
        if method == "GET":
            answer = client.get(address)
        else:
            answer = client.post(address, page.data(values))
        transaction.set_rollback(True)
    return answer


@pytest.mark.db
@pytest.mark.parametrize("name", sorted(PAGES))
def test_each_role_reaches_exactly_what_the_matrix_says(
    name: str, viewers: Iterable[Viewer], own: Site, other: Site
) -> None:
    page, wrong = PAGES[name], []
    here, foreign = (page.make(Scene(site, RadiologistFactory.create())) for site in (own, other))
    for viewer in viewers:
        places = [("own", page.make(viewer.scene) if page.where is Where.OWN else here)]
        places += [("other", foreign)] if page.where in (Where.AT_SITE, Where.OWN) else []
        for place, values in places:
            for method in ("GET", "POST"):
                status = _asked(viewer.client, method, name, values, page).status_code
                said = _expected(page, viewer, method, is_own=place == "own")
                if status not in said:
                    wrong.append(f"{viewer.words}, {place}, {method}: {status}, not {set(said)}")
    assert wrong == []
    assert own != other


@pytest.mark.db
@pytest.mark.parametrize("name", sorted(PAGES))
def test_who_is_not_signed_in_is_sent_to_the_sign_in(name: str, own: Site) -> None:
    page, visitor = PAGES[name], Client()
    values = page.make(Scene(own, RadiologistFactory.create()))
    address = reverse(name, kwargs=values)
    for method in page.methods.split():
        answer = _asked(visitor, method, name, values, page)
        assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={address}")


@pytest.mark.db
@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_record_that_does_not_exist_is_not_found(name: str, own: Site) -> None:
    page = PAGES[name]
    values = page.make(Scene(own, RadiologistFactory.create()))
    ids = {
        key: 999_999_999 if isinstance(value, int) else "NOBODY"
        for key, value in values.items()
        if key.endswith("_id")
    }
    if not ids:
        return
    client = _of_a_reader(UserFactory.create(is_superuser=True))
    for method in page.methods.split():
        address = reverse(name, kwargs={**values, **ids})
        answer = client.get(address) if method == "GET" else client.post(address, {"token": "x"})
        assert answer.status_code == HTTPStatus.NOT_FOUND, method


def _of_a_reader(user: User) -> Client:
    RadiologistFactory.create(user=user)
    return client_of(user)


@pytest.mark.db
@pytest.mark.parametrize("role", list(Role))
def test_the_front_door_leads_each_role_to_a_page_that_is_open_to_them(
    role: Role, own: Site
) -> None:
    answer = _of_a_reader(person(role, site=own)).get("/", follow=True)
    assert answer.status_code == HTTPStatus.OK


@pytest.mark.db
def test_a_study_without_a_site_is_seen_only_from_everywhere(own: Site) -> None:
    address = reverse("study", kwargs=order_of_nobody())
    limited, all_ = (person(Role.MANAGER, site=site) for site in (own, None))
    assert client_of(limited).get(address).status_code == HTTPStatus.NOT_FOUND
    assert client_of(all_).get(address).status_code == HTTPStatus.OK


@pytest.mark.db
def test_the_admin_is_open_to_roles_that_open_it_and_to_nobody_else(
    viewers: Iterable[Viewer],
) -> None:
    wrong = []
    for viewer in viewers:
        is_open = viewer.role in (Role.ADMINISTRATOR, Role.AUDITOR)
        for model in admin.site._registry:
            name = f"{model._meta.app_label}_{model._meta.model_name}"
            answer = viewer.client.get(reverse(f"admin:{name}_changelist"))
            leads_out = answer.headers.get("Location", "").startswith("/admin/login/")
            if leads_out is is_open or answer.status_code not in (200, 302, 403):
                wrong.append(f"{viewer.words}, {name}: {answer.status_code}")
    assert wrong == []
