"""The refresh hook: who holds the token has every process read the configuration anew."""

from __future__ import annotations

import pgtrigger
import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.audit.models import AuditEvent
from apps.core.models import ConfigVersion
from apps.monitoring import hooks
from apps.monitoring.refresh import AREAS
from apps.monitoring.throttle import Throttle

PATH = "/hooks/refresh"


@pytest.fixture(autouse=True)
def _full_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test buckets of its own, which do not fill however slow the machine is."""
    monkeypatch.setattr(hooks, "KNOWN", Throttle(burst=5, per_second=1, clock=lambda: 0.0))
    monkeypatch.setattr(hooks, "STRANGERS", Throttle(burst=20, per_second=5, clock=lambda: 0.0))


def _call(authorization: str | None) -> HttpResponse:
    headers = {} if authorization is None else {"Authorization": authorization}
    return Client(enforce_csrf_checks=True).post(PATH, headers=headers)  # type: ignore[return-value] # a response with more


def _bearer() -> str:
    return f"Bearer {settings.REFRESH_TOKEN}"


@pytest.mark.db
def test_every_area_is_raised_once_and_who_did_it_is_kept() -> None:
    ConfigVersion.objects.all().delete()
    ConfigVersion.objects.create(area="rules", version=41)
    with CaptureQueriesContext(connection) as queries:
        answer = _call(_bearer())
    assert (answer.status_code, answer.content) == (204, b"")
    versions = dict(ConfigVersion.objects.values_list("area", "version"))
    ones = dict.fromkeys(("catalog", "outbound", "presence", "roster", "senders"), 1)
    assert versions == {**ones, "rules": 42}
    statements = [one["sql"] for one in queries]
    assert sum("INTO core_configversion" in sql for sql in statements) == 1
    assert any("pg_notify('radassign_decide'" in sql for sql in statements)
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.new_values) == (
        "refresh",
        "system:refresh-hook",
        versions,
    )
    assert event.request_id == answer["X-Request-ID"]


def test_no_area_is_forgotten() -> None:
    raised = (trigger.name or "" for _, trigger in pgtrigger.registered())
    found = {
        name.removeprefix("raises_").removesuffix("_version")
        for name in raised
        if name.startswith("raises_")
    }
    assert set(AREAS) == found


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer wrong",
        "Basic {token}",
        "{token}",
        "Bearer {token}x",
        "Bearer é",
    ],
)
def test_without_the_token_nothing_happens(authorization: str | None) -> None:
    # No mark: a look at the database would fail here.
    given = authorization and authorization.format(token=settings.REFRESH_TOKEN)
    answer = _call(given)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="radassign"'


def test_it_is_not_looked_at() -> None:
    assert Client().get(PATH).status_code == 405


@pytest.mark.db
def test_a_flood_is_told_to_come_later_and_guessing_keeps_nobody_out() -> None:
    guesses = [_call("Bearer wrong").status_code for _ in range(25)]
    assert guesses == [401] * 20 + [429] * 5
    calls = [_call(_bearer()) for _ in range(8)]
    assert [call.status_code for call in calls] == [204] * 5 + [429] * 3
    assert calls[-1]["Retry-After"] == "1"


def test_permits_come_back_at_a_steady_rate() -> None:
    now = 0.0
    throttle = Throttle(burst=2, per_second=0.5, clock=lambda: now)
    assert [throttle.take() for _ in range(3)] == [True, True, False]
    now = 1.9
    assert throttle.take() is False
    now = 2.1
    assert [throttle.take(), throttle.take()] == [True, False]
    now = 1000.0
    assert [throttle.take() for _ in range(3)] == [True, True, False]
