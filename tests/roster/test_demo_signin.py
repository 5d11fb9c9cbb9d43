from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from axes.utils import reset
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import RoleGrant, User
from tests.factories import RadiologistFactory

pytestmark = pytest.mark.db


@pytest.fixture(autouse=True)
def demo_folder(settings: Settings, tmp_path: Path) -> None:
    settings.RADASSIGN_DATA_DIR = tmp_path
    RadiologistFactory.create(id="DR_SMITH_ID")
    reset()


def _sign_ins() -> dict[str, str]:
    said = StringIO()
    call_command("demo_signin", stdout=said)
    pairs = (line.partition(" / ")[::2] for line in said.getvalue().splitlines())
    return dict(pairs)


def test_each_person_signs_in_with_what_is_printed_and_lands_where_they_work() -> None:
    landed = {}
    for name, password in _sign_ins().items():
        client = Client()
        client.post("/login/", {"username": name, "password": password})
        landed[name] = client.get("/sites/").status_code
    assert landed == {"manager": 200, "smith": 403, "auditor": 200, "admin": 200}


def test_each_person_has_their_roles_and_no_more() -> None:
    _sign_ins()
    _sign_ins()
    grants = RoleGrant.objects.order_by("user__username", "role")
    assert list(grants.values_list("user__username", "role", "cluster", "site")) == [
        ("admin", "administrator", None, None),
        ("auditor", "auditor", None, None),
        ("manager", "administrator", None, None),
        ("manager", "manager", None, None),
        ("smith", "radiologist", None, None),
    ]
    assert not User.objects.filter(is_superuser=True).exists()
    assert User.objects.get(username="smith").radiologist.pk == "DR_SMITH_ID"


def test_a_reader_who_was_given_another_sign_in_keeps_it() -> None:
    other = User.objects.create(username="john")
    RadiologistFactory._meta.model.objects.filter(pk="DR_SMITH_ID").update(user=other)
    _sign_ins()
    assert other.radiologist.pk == "DR_SMITH_ID"


def test_a_forgotten_password_is_set_back() -> None:
    sign_ins = _sign_ins()
    person = User.objects.get(username="manager")
    person.set_password("something else")
    person.is_active = False
    person.save()
    assert _sign_ins() == sign_ins
    person.refresh_from_db()
    assert (person.check_password(sign_ins["manager"]), person.is_active) == (True, True)
