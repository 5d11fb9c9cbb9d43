"""What every test gets: its database, no TCP unless asked for, tokens that spell nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

# Fixtures of a conftest stand above those of plugins, pytest-django's among them.
from tests.support.database import (  # noqa: F401 -- fixtures are found by name
    django_db_modify_db_settings,
    django_db_setup,
    postgres_server,
)

_OPEN_SOCKETS = ("wire", "e2e", "fault")
_LONGEST = (
    "trials/simulation/test_stated.py",
    "accounts/test_every_url.py",
    "intake/sweep/test_sweep.py",
    "intake/processing/test_hostile.py",
    "records/test_demo.py",
    "radassign/test_settings.py",
)
"""Files that take long: begun at the end, one would keep a worker while the others are done."""

# On top of Hypothesis' own profile, under CI the one whose examples are the same each time: how
# long an example took on a busy machine says nothing about the example.
hypothesis_settings.register_profile(
    "unhurried",
    hypothesis_settings.get_profile(hypothesis_settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests marked ``db`` their database; put the files that take longest first."""
    items.sort(key=lambda item: not item.nodeid.split("::")[0].endswith(_LONGEST))
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
def nothing_remembered(request: pytest.FixtureRequest) -> None:
    """Forget the configuration of the test before.

    Versions that it raised were rolled back with it, so the same numbers come again for others.
    """
    if request.node.get_closest_marker("db") or request.node.get_closest_marker("django_db"):
        from apps.assignment.snapshot import cache  # noqa: PLC0415 -- Django is ready by now

        cache.forget()


@pytest.fixture(autouse=True)
def tokens_that_spell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make forms' tokens of three letters that no accession number or name consists of.

    Tests look for "P1" in whole pages. With Django's alphabet a random token says it in one
    page of sixty, and then a page shows what it must not show.
    """
    monkeypatch.setattr("django.middleware.csrf.CSRF_ALLOWED_CHARS", "qjz")


@pytest.fixture(autouse=True, scope="session")
def static_files_listed_once() -> Iterator[None]:
    """List the static files for the first of the run's test clients, not for every one anew.

    A server does so once when it starts; each ``Client()`` is such a start, and the list costs
    as much as two or three pages do.
    """
    listed: dict[str, object] = {}
    list_them = WhiteNoiseMiddleware.add_files_from_finders

    def list_once(self: WhiteNoiseMiddleware) -> None:
        if not listed:
            list_them(self)
            listed.update(self.files)
        self.files |= listed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", list_once)
        yield
