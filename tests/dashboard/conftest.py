from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant, User
from apps.audit.models import AuditEvent
from apps.catalog.models import Cluster, Site
from apps.core import bulk
from apps.dashboard import board, live, looking
from apps.orders.models import Order
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


@pytest.fixture
def manager_of(db: None) -> Callable[[Site | Cluster], Client]:  # noqa: ARG001 -- for its effect
    def sign_in(place: Site | Cluster) -> Client:
        user = UserFactory()
        where = {"site": place} if isinstance(place, Site) else {"cluster": place}
        RoleGrant.objects.create(user=user, role=Role.MANAGER, **where)
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def kept(settings: object, monkeypatch: pytest.MonkeyPatch) -> live.Shelf:
    """Keep what was read, as a process does that serves people; it begins with nothing."""
    settings.BOARD_KEEP_SECONDS = 30.0
    pulse = live.Pulse()
    shelf = live.Shelf(pulse)
    monkeypatch.setattr(board, "PULSE", pulse)
    monkeypatch.setattr(board, "SHELF", shelf)
    monkeypatch.setattr(looking, "PULSE", pulse)
    monkeypatch.setattr(looking, "SHELF", shelf)
    return shelf


@pytest.fixture
def told() -> Callable[..., None]:
    """Leave the audit line that a service leaves with every change to an order."""

    def tell(order: Order, action: str = "acknowledge") -> None:
        AuditEvent.objects.create(
            at=NOON, entity="orders_order", entity_id=str(order.pk), action=action, actor="x"
        )

    return tell


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the plain statements, which Django's own counting does not see."""
    statements: list[str] = []
    run = bulk._run

    def count(sql: str, parameters: object) -> object:
        statements.append(sql)
        return run(sql, parameters)

    monkeypatch.setattr(bulk, "_run", count)
    return statements
