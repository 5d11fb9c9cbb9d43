from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from pytest_django import Settings

pytestmark = pytest.mark.db


def _sign_in() -> tuple[str, str]:
    said = StringIO()
    call_command("demo_signin", stdout=said)
    name, _slash, password = said.getvalue().strip().partition(" / ")
    return name, password


def test_the_person_signs_in_with_what_is_printed(settings: Settings, tmp_path: Path) -> None:
    settings.RADASSIGN_DATA_DIR = tmp_path
    name, password = _sign_in()
    person = get_user_model().objects.get(username=name)
    assert (name, person.check_password(password), person.is_staff, person.is_active) == (
        "manager",
        True,
        True,
        True,
    )


def test_a_forgotten_password_is_set_back(settings: Settings, tmp_path: Path) -> None:
    settings.RADASSIGN_DATA_DIR = tmp_path
    name, password = _sign_in()
    person = get_user_model().objects.get(username=name)
    person.set_password("something else")
    person.save()
    assert _sign_in() == (name, password)
    person.refresh_from_db()
    assert person.check_password(password)
