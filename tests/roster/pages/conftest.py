from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from apps.accounts.choices import Role
from apps.catalog.models import Site
from tests.factories.catalog import SiteFactory
from tests.factories.times import NOON
from tests.roster.pages.support import signed_in


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def site() -> Site:
    return SiteFactory.create(code="ROBINA")


@pytest.fixture
def foreign() -> Site:
    return SiteFactory.create(code="PERTH")


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)
