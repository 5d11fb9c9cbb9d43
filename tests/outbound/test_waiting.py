"""What the watchdog and the health page take for waiting work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.outbound.models import Destination, DestinationLink
from apps.outbound.queries import figures, waiting
from apps.outbound.queries.figures import DestinationQueue
from tests.factories import DestinationFactory, OrderFactory, OutboundMessageFactory
from tests.factories.times import NOON

pytestmark = pytest.mark.db

AT = NOON + timedelta(minutes=10)


def link(destination: Destination, **values: Any) -> None:
    address = f"{destination.host}:{destination.port}"
    DestinationLink.objects.create(destination=destination, **({"address": address} | values))


def queue_of(destination: Destination, **values: Any) -> DestinationQueue:
    empty: dict[str, Any] = {"queued": 0, "oldest_at": None, "dead": 0}
    known = {
        "destination_id": destination.pk,
        "name": destination.name,
        "is_enabled": destination.is_enabled,
    }
    return DestinationQueue(**(known | empty | values))


def test_nothing_waits_where_nothing_is_queued() -> None:
    DestinationFactory.create()
    OutboundMessageFactory.create(state="dead")
    assert waiting.oldest_waiting(AT) is None


def test_a_queued_message_waits_since_it_was_due() -> None:
    OutboundMessageFactory.create(created_at=NOON)
    OutboundMessageFactory.create(created_at=NOON + timedelta(minutes=1))
    assert waiting.oldest_waiting(AT) == NOON


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"next_attempt_at": AT + timedelta(seconds=1)}, id="rests for its retry"),
        pytest.param({"destination__is_enabled": False}, id="its destination is switched off"),
        pytest.param({"state": "cancelled"}, id="withdrawn"),
    ],
)
def test_what_rests_for_a_reason_of_its_own_does_not_wait(values: dict[str, Any]) -> None:
    OutboundMessageFactory.create(**values)
    assert waiting.oldest_waiting(AT) is None


@pytest.mark.parametrize(
    ("on_dead_letter", "expected"), [("hold", None), ("skip", NOON)], ids=["hold", "skip"]
)
def test_what_a_dead_letter_holds_does_not_wait(on_dead_letter: str, expected: object) -> None:
    destination = DestinationFactory.create(on_dead_letter=on_dead_letter)
    order = OrderFactory.create()
    OutboundMessageFactory.create(destination=destination, order=order, state="dead")
    OutboundMessageFactory.create(destination=destination, order=order)
    assert waiting.oldest_waiting(AT) == expected


def test_a_resting_destinations_queue_does_not_wait_until_its_next_try() -> None:
    message = OutboundMessageFactory.create()
    until = AT - timedelta(seconds=5)
    link(message.destination, next_attempt_at=until, failing_since=NOON, failures=3)
    assert waiting.oldest_waiting(until - timedelta(seconds=1)) is None
    assert waiting.oldest_waiting(AT) == until


def test_a_queue_that_is_looked_after_waits_only_since_then() -> None:
    message = OutboundMessageFactory.create()
    served = AT - timedelta(seconds=1)
    link(message.destination, served_at=served)
    assert waiting.oldest_waiting(AT) == served


def test_a_rest_at_a_former_address_does_not_count() -> None:
    message = OutboundMessageFactory.create()
    link(message.destination, address="old:1", next_attempt_at=AT + timedelta(minutes=4))
    assert waiting.oldest_waiting(AT) == NOON


def test_each_destinations_queue_and_trouble_are_counted() -> None:
    well = DestinationFactory.create(name="A")
    away = DestinationFactory.create(name="B", is_enabled=False)
    OutboundMessageFactory.create_batch(2, destination=away)
    OutboundMessageFactory.create(destination=away, state="dead")
    link(away, failing_since=NOON, failures=2, next_attempt_at=AT, last_error="refused")

    assert figures.queues() == [
        queue_of(well, failing_since=None, next_attempt_at=None, last_error=""),
        queue_of(
            away,
            queued=2,
            oldest_at=NOON,
            dead=1,
            failing_since=NOON,
            next_attempt_at=AT,
            last_error="refused",
        ),
    ]


def test_dead_letters_are_listed_oldest_first_and_by_destination() -> None:
    first = OutboundMessageFactory.create(state="dead")
    second = OutboundMessageFactory.create(state="dead")
    OutboundMessageFactory.create()
    assert list(figures.dead_letters()) == [first, second]
    assert list(figures.dead_letters(second.destination_id)) == [second]
