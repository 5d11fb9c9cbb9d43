from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from apps.accounts.models import User
from tests.factories import UserFactory
from tests.factories.times import NOON


@pytest.fixture
def at_noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def manager(db: None) -> User:  # noqa: ARG001 -- a fixture for its effect
    return UserFactory(username="manager", is_superuser=True)


@pytest.fixture
def signed_in(manager: User, client: Client) -> Client:
    client.force_login(manager)
    return client
