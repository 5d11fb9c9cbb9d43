"""What the tests of this package start from."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.catalog.models import Procedure
from tests.factories import (
    ProcedureFactory,
)
from tests.support.department import Department
from tests.support.people import signed_in


@pytest.fixture
def department(db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    return Department()


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


@pytest.fixture
def head() -> Procedure:
    found: Procedure = ProcedureFactory.create(
        code="CT HEAD", description="CT HEAD WITHOUT CONTRAST", modality="CT", body_part="HEAD"
    )
    return found
