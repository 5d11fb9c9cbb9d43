from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.outbound.delivery.deliverer import Deliverer
from apps.outbound.models import Destination
from tests.factories import OrderFactory
from tests.fakes.peer import FakePeer, wait_until
from tests.outbound.mail import queue, row, states

pytestmark = [pytest.mark.wire, pytest.mark.django_db(transaction=True)]

Destinations = Callable[..., Destination]


def test_delivers_what_was_queued_before_and_while_it_runs(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    destination = destination_of(peer)
    queue(destination, "A", "B")
    deliverer.start()
    peer.wait_for(2)
    queue(destination, "C")

    assert peer.wait_for(3) == ["A", "B", "C"]
    wait_until(lambda: set(states(destination).values()) == {"delivered"})
    done = row("C")
    assert (done.attempts, done.answer_code, done.error) == (1, "AA", "")
    assert done.first_sent_at == done.sent_at
    assert done.answered_at is not None
