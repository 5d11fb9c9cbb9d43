"""What every test gets: its database, no TCP unless asked for, tokens that spell nothing."""

from __future__ import annotations

import socket

import pytest

# Fixtures of a conftest stand above those of plugins, pytest-django's among them.
from tests.support.database import (  # noqa: F401 -- fixtures are found by name
    django_db_modify_db_settings,
    django_db_setup,
    postgres_server,
)

_OPEN_SOCKETS = ("wire", "e2e", "fault")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests marked ``db`` their database."""
    for item in items:
        if item.get_closest_marker("db") and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(autouse=True)
def closed_sockets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse TCP connections in tests that are not marked as needing them."""
    if any(request.node.get_closest_marker(name) for name in _OPEN_SOCKETS):
        return

    def refuse(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX:
            raise AssertionError(f"TCP to {address} in a test that is not marked `wire`")
        real(self, address)  # type: ignore[arg-type] # passed through as it came

    real = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(autouse=True)
def tokens_that_spell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make forms' tokens of three letters that no accession number or name consists of.

    Tests look for "P1" in whole pages. With Django's alphabet a random token says it in one
    page of sixty, and then a page shows what it must not show.
    """
    monkeypatch.setattr("django.middleware.csrf.CSRF_ALLOWED_CHARS", "qjz")
