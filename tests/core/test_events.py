from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from apps.core import events


@dataclass(frozen=True)
class RosterChanged:
    shift: str


@dataclass(frozen=True)
class NightRosterChanged(RosterChanged):
    pass


@pytest.fixture
def seen() -> Iterator[list[tuple[str, object]]]:
    calls: list[tuple[str, object]] = []

    def first(event: RosterChanged) -> None:
        calls.append(("first", event))

    def second(event: RosterChanged) -> None:
        calls.append(("second", event))

    for handler in (first, second, first):
        events.subscribe(RosterChanged, handler)
    yield calls
    for handler in (first, second):
        events.unsubscribe(RosterChanged, handler)


def test_subscribers_are_called_once_each_in_order(seen: list[tuple[str, object]]) -> None:
    event = RosterChanged("MRI_MSK_ROBINA")
    events.publish(event)
    assert seen == [("first", event), ("second", event)]


def test_an_event_reaches_subscribers_of_its_own_class_only(
    seen: list[tuple[str, object]],
) -> None:
    events.publish(NightRosterChanged("MRI_MSK_ROBINA"))
    assert seen == []


@pytest.mark.db
def test_a_failing_subscriber_undoes_what_the_publisher_wrote() -> None:
    def fail(_event: RosterChanged) -> None:
        raise RuntimeError("audit is full")

    events.subscribe(RosterChanged, fail)
    try:
        with pytest.raises(RuntimeError, match="audit is full"), transaction.atomic():
            Group.objects.create(name="written before")
            events.publish(RosterChanged("X"))
    finally:
        events.unsubscribe(RosterChanged, fail)
    assert not Group.objects.exists()
