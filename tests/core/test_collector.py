"""The garbage collector sleeps while much is made, and tidies up once a page has been sent."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections

from apps.core import collector


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    # Connections are none of this test's business.
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)
    gc.unfreeze()
    gc.enable()
    gc.set_threshold(*threshold)


def test_the_collector_sleeps_while_much_is_made_and_wakes_when_that_fails() -> None:
    with pytest.raises(ValueError, match="broken"), collector.resting():
        assert not gc.isenabled()
        raise ValueError("broken")

    assert gc.isenabled()


def test_a_collector_that_somebody_switched_off_stays_off() -> None:
    gc.disable()

    with collector.resting():
        pass

    assert not gc.isenabled()


def test_garbage_is_collected_once_after_the_response(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[str] = []
    monkeypatch.setattr(gc, "collect", lambda: rounds.append("collected"))
    request_finished.send(sender=None)
    assert rounds == []

    collector.collect_after_response()
    assert rounds == []
    request_finished.send(sender=None)
    request_finished.send(sender=None)

    assert rounds == ["collected"]


def test_what_is_loaded_before_the_first_page_is_left_out_of_the_rounds() -> None:
    collector.settle_for_requests()

    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[0] > 1_000
