"""Who looks at the pages of messages."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from tests.support.people import signed_in


@pytest.fixture
def manager(db: None) -> Client:  # noqa: ARG001 -- a fixture for its effect
    return signed_in(Role.MANAGER)


@pytest.fixture
def administrator(db: None) -> Client:  # noqa: ARG001 -- a fixture for its effect
    return signed_in(Role.ADMINISTRATOR, username="ada")
