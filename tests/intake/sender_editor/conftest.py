"""What the tests of this package start from."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.intake.models import InboundMessage
from tests.intake.sender_pages import (
    lab_order,
)
from tests.support.department import Department
from tests.support.people import signed_in


@pytest.fixture
def admin() -> Client:
    return signed_in(Role.ADMINISTRATOR, username="ada")


@pytest.fixture
def department(db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    department = Department()
    department.add_reader("DR_A")
    return department


@pytest.fixture
def lab(department: Department) -> InboundMessage:  # noqa: ARG001 -- the site of its orders
    return lab_order()
