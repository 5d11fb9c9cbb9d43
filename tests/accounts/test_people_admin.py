"""People and their roles in the admin: nobody reaches further than themselves."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from axes.utils import reset
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.exceptions import LastAdministratorError
from apps.accounts.models import RoleGrant, User
from apps.accounts.services.last_administrator import keeping_an_administrator
from apps.audit.models import AuditEvent
from apps.catalog.models import Cluster, Site
from apps.roster.models import RadiologistSite
from tests.factories import ClusterFactory, RadiologistFactory, SiteFactory, UserFactory
from tests.support.admin_forms import added_row, admin_url, errors_of, shown_form
from tests.support.people import client_of, person, signed_in

pytestmark = pytest.mark.db

TOO_FAR = ["This reaches further than your own role."]
LAST = "nobody would be left who may change people at every site"


def _grant(
    client: Client,
    user: User,
    role: Role,
    *,
    site: Site | None = None,
    cluster: Cluster | None = None,
) -> list[str]:
    """Give the role as a browser would; return what the page complains of."""
    address = admin_url("accounts.user", "change", user.pk)
    places = {"site": site.pk if site else "", "cluster": cluster.pk if cluster else ""}
    data = added_row(shown_form(client, address), "grants", role=role.value, **places)
    return errors_of(client.post(address, data))


def _roles(user: User) -> list[tuple[Any, ...]]:
    return list(user.grants.order_by("pk").values_list("role", "site", "cluster"))


def _save(client: Client, user: User, **changes: object) -> HttpResponse:
    address = admin_url("accounts.user", "change", user.pk)
    data = {**shown_form(client, address), **changes}
    return client.post(address, {k: v for k, v in data.items() if v is not None}, follow=True)


def test_an_administrator_everywhere_gives_roles_anywhere() -> None:
    ann, site, cluster = UserFactory.create(), SiteFactory.create(), ClusterFactory.create()
    client = signed_in(Role.ADMINISTRATOR)
    assert _grant(client, ann, Role.MANAGER) == []
    assert _grant(client, ann, Role.RADIOLOGIST, site=site) == []
    assert _grant(client, ann, Role.AUDITOR, cluster=cluster) == []
    assert _roles(ann) == [
        ("manager", None, None),
        ("radiologist", site.pk, None),
        ("auditor", None, cluster.pk),
    ]


def test_a_role_at_a_site_gives_no_role_that_reaches_further() -> None:
    site, other, ann = SiteFactory.create(), SiteFactory.create(), UserFactory.create()
    client = signed_in(Role.ADMINISTRATOR, site=site)
    assert _grant(client, ann, Role.TECHNICIAN) == TOO_FAR
    # The site's own cluster too: it may get more sites.
    assert _grant(client, ann, Role.TECHNICIAN, cluster=site.cluster) != []
    assert _grant(client, ann, Role.TECHNICIAN, site=other) != []
    assert _grant(client, ann, Role.MANAGER, site=site) == []
    assert _roles(ann) == [("manager", site.pk, None)]


def test_a_role_in_a_cluster_gives_roles_in_it() -> None:
    site, ann = SiteFactory.create(), UserFactory.create()
    client = signed_in(Role.ADMINISTRATOR, cluster=site.cluster)
    assert _grant(client, ann, Role.AUDITOR, cluster=site.cluster) == []
    assert _grant(client, ann, Role.AUDITOR, site=site) == []
    assert _grant(client, ann, Role.TECHNICIAN) == TOO_FAR


def test_the_same_role_at_the_same_place_is_given_once() -> None:
    ann, client = person(Role.MANAGER), signed_in(Role.ADMINISTRATOR)
    assert _grant(client, ann, Role.MANAGER) == ["The person has this role there already."]


def test_whose_roles_reach_further_is_looked_at_and_never_changed() -> None:
    site = SiteFactory.create()
    client = signed_in(Role.ADMINISTRATOR, site=site)
    wider = person(Role.MANAGER, username="wider")
    address = admin_url("accounts.user", "change", wider.pk)
    assert client.get(address).status_code == 200
    assert client.post(address, {"username": "mine"}).status_code == 403
    password = f"/admin/accounts/user/{wider.pk}/password/"
    assert client.get(password).status_code == 403
    assert client.post(admin_url("accounts.user", "delete", wider.pk)).status_code == 403


@pytest.mark.parametrize(
    ("homes", "may"),
    [((), False), (("other",), False), (("mine", "other"), False), (("mine",), True)],
)
def test_a_reader_of_another_site_is_not_taken_over(homes: tuple[str, ...], may: bool) -> None:
    sites = {"mine": SiteFactory.create(), "other": SiteFactory.create()}
    # No roles at all: only that the person is a reader says how far they reach.
    user = UserFactory.create(username="reader")
    reader = RadiologistFactory.create(user=user)
    for name in homes:
        RadiologistSite.objects.create(radiologist=reader, site=sites[name])
    client = signed_in(Role.ADMINISTRATOR, site=sites["mine"])
    password = f"/admin/accounts/user/{user.pk}/password/"
    assert client.get(password).status_code == (200 if may else 403)
    address = admin_url("accounts.user", "change", user.pk)
    role = {"role": "radiologist", "site": sites["mine"].pk, "cluster": ""}
    form = shown_form(signed_in(Role.ADMINISTRATOR), address)
    answer = client.post(address, added_row(form, "grants", **role))
    assert answer.status_code == (302 if may else 403)
    assert len(_roles(user)) == int(may)
    deleted = client.post(admin_url("accounts.user", "delete", user.pk), {"post": "yes"})
    assert (deleted.status_code == 403) is not may


def test_an_administrator_everywhere_changes_a_reader_of_every_site() -> None:
    user = UserFactory.create()
    RadiologistFactory.create(user=user)
    client = signed_in(Role.ADMINISTRATOR)
    assert client.get(f"/admin/accounts/user/{user.pk}/password/").status_code == 200
    assert _grant(client, user, Role.RADIOLOGIST) == []


def test_a_superuser_is_changed_by_superusers_only() -> None:
    root = UserFactory.create(is_superuser=True, username="root")
    client = signed_in(Role.ADMINISTRATOR)
    assert client.post(admin_url("accounts.user", "change", root.pk), {}).status_code == 403
    assert client.get(f"/admin/accounts/user/{root.pk}/password/").status_code == 403


def test_an_administrator_makes_nobody_a_superuser() -> None:
    ann, client = UserFactory.create(), signed_in(Role.ADMINISTRATOR)
    _save(client, ann, is_superuser="on")
    ann.refresh_from_db()
    assert not ann.is_superuser
    _save(client_of(UserFactory.create(is_superuser=True)), ann, is_superuser="on")
    ann.refresh_from_db()
    assert ann.is_superuser


def test_people_of_other_sites_are_not_seen() -> None:
    site, other = SiteFactory.create(), SiteFactory.create()
    names = {
        "here": person(Role.TECHNICIAN, site=site),
        "there": person(Role.TECHNICIAN, site=other),
        "in-cluster": person(Role.TECHNICIAN, cluster=site.cluster),
        "everywhere": person(Role.TECHNICIAN),
        "new": UserFactory.create(),
    }
    client = signed_in(Role.ADMINISTRATOR, site=site)
    shown = client.get(admin_url("accounts.user", "changelist")).context["cl"].queryset
    keys = set(shown.values_list("pk", flat=True))
    assert {name for name, user in names.items() if user.pk in keys} == set(names) - {"there"}
    assert client.get(admin_url("accounts.user", "change", names["there"].pk)).status_code == 404


def test_the_last_administrator_stays_one() -> None:
    ada = person(Role.ADMINISTRATOR, username="ada")
    client = client_of(ada)
    answer = _save(client, ada, is_active=None)
    assert LAST in answer.content.decode()
    assert "changed successfully" not in answer.content.decode()
    address = admin_url("accounts.user", "change", ada.pk)
    client.post(address, {**shown_form(client, address), "grants-0-DELETE": "on"})
    client.post(admin_url("accounts.user", "delete", ada.pk), {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [ada.pk], "post": "yes"}
    client.post(admin_url("accounts.user", "changelist"), chosen)
    ada.refresh_from_db()
    assert (ada.is_active, _roles(ada)) == (True, [("administrator", None, None)])


def test_an_administrator_goes_when_there_is_another() -> None:
    ada, other = person(Role.ADMINISTRATOR), person(Role.ADMINISTRATOR)
    _save(client_of(other), ada, is_active=None)
    ada.refresh_from_db()
    assert not ada.is_active


def test_a_superuser_counts_as_an_administrator_unless_switched_off() -> None:
    ada, root = person(Role.ADMINISTRATOR), UserFactory.create(is_superuser=True)
    with keeping_an_administrator():
        User.objects.filter(pk=ada.pk).update(is_active=False)
    with pytest.raises(LastAdministratorError), keeping_an_administrator():
        User.objects.filter(pk=root.pk).update(is_active=False)
    root.refresh_from_db()
    assert root.is_active


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_remove_each_other_at_once_leave_one() -> None:
    keys = [person(Role.ADMINISTRATOR).pk for _ in range(2)]
    meet = threading.Barrier(2)
    refused: list[int] = []

    def remove(key: int) -> None:
        meet.wait()
        try:
            with keeping_an_administrator():
                User.objects.filter(pk=key).update(is_active=False)
        except LastAdministratorError:
            refused.append(key)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert list(User.objects.filter(is_active=True).values_list("pk", flat=True)) == refused


def test_changes_of_people_and_roles_are_told_without_passwords() -> None:
    client, ann = signed_in(Role.ADMINISTRATOR, username="ada"), UserFactory.create()
    _save(client, ann, is_active=None)
    _grant(client, ann, Role.AUDITOR)
    told = AuditEvent.objects.filter(actor="user:ada").order_by("id")
    assert list(told.values_list("entity", "action")) == [
        ("accounts_user", "update"),
        ("accounts_rolegrant", "insert"),
    ]
    first = told[0]
    assert (first.old_values["is_active"], first.new_values["is_active"]) == (True, False)
    assert {"password", "last_login"} & {*first.old_values, *first.new_values} == set()


def test_a_new_person_gets_a_sign_in_and_roles_in_one_go() -> None:
    client = signed_in(Role.ADMINISTRATOR)
    address = admin_url("accounts.user", "add")
    secret = "a long enough password"
    data = shown_form(client, address) | {
        "username": "ann",
        "password1": secret,
        "password2": secret,
        "usable_password": "true",
    }
    answer = client.post(
        address, added_row(data, "grants", role="technician", site="", cluster="")
    )
    assert errors_of(answer) == []
    assert _roles(User.objects.get(username="ann")) == [("technician", None, None)]


def test_a_lockout_is_lifted_on_the_persons_page() -> None:
    reset()
    ann, secret = UserFactory.create(username="ann"), "a long enough password"
    visitor = Client()
    for _ in range(5):
        visitor.post("/login/", {"username": "ann", "password": "wrong"})
    assert visitor.post("/login/", {"username": "ann", "password": secret}).status_code == 429
    chosen = {"action": "unlock", "_selected_action": [ann.pk]}
    signed_in(Role.ADMINISTRATOR).post(admin_url("accounts.user", "changelist"), chosen)
    assert visitor.post("/login/", {"username": "ann", "password": secret}).status_code == 302
    reset()


def test_there_is_one_matrix_of_roles_and_no_second_one() -> None:
    assert not admin.site.is_registered(Group)
    page = signed_in(Role.ADMINISTRATOR).get(
        admin_url("accounts.user", "change", person(Role.AUDITOR).pk)
    )
    html = page.content.decode()
    assert [word for word in ("user_permissions", "is_staff", "id_groups") if word in html] == []
    assert RoleGrant.objects.count() == 2
