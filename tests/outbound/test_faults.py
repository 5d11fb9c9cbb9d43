"""What is left when the deliver process, or its database session, dies in the middle."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from apps.core.queue import slices
from apps.outbound.delivery.deliverer import Deliverer, running_deliverer
from apps.outbound.models import Destination, OutboundMessage
from apps.outbound.tasks import deliver_slice
from tests.factories import OrderFactory
from tests.fakes.peer import FakePeer, Reply, by_turns, wait_until
from tests.outbound.deliver_process import DeliverProcess
from tests.outbound.mail import queue, row, states

pytestmark = [pytest.mark.wire, pytest.mark.fault, pytest.mark.django_db(transaction=True)]

Destinations = Callable[..., Destination]


@contextmanager
def deliver_process() -> Iterator[DeliverProcess]:
    running = DeliverProcess()
    try:
        yield running
    finally:
        running.kill()


def end_sessions(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            [name],
        )
        assert cursor.rowcount == 1


def all_delivered(number: int) -> Callable[[], bool]:
    return lambda: OutboundMessage.objects.filter(state="delivered").count() == number


def test_everything_arrives_though_the_deliver_process_is_killed_again_and_again(
    peer: FakePeer, destination_of: Destinations
) -> None:
    peer.script = by_turns(Reply(delay=0.002))
    destination = destination_of(peer, answer_timeout_seconds=5)
    orders = OrderFactory.create_batch(30)
    for step in range(10):
        for place, order in enumerate(orders):
            queue(destination, f"{place:02}-{step}", order=order)

    for reached in (60, 120, 180):
        with deliver_process():
            peer.wait_for(reached, timeout=20)
    with deliver_process():
        wait_until(all_delivered(300), 30)

    first_arrivals = list(dict.fromkeys(peer.control_ids))
    for place in range(30):
        of_order = [name for name in first_arrivals if name.startswith(f"{place:02}-")]
        assert of_order == [f"{place:02}-{step}" for step in range(10)]
    payloads = {message.control_id: message.payload for message in peer.received}
    assert {name: bytes(row(name).payload) for name in payloads} == payloads
    assert all(peer.received.count(message) <= 4 for message in peer.received)


@pytest.mark.parametrize("session", ["radassign-deliver", "radassign-deliver-notices"])
def test_a_lost_database_session_ends_delivery_and_the_next_slice_resumes_it(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations, session: str
) -> None:
    destination = destination_of(peer)
    queue(destination, "A")
    deliverer.start()
    wait_until(lambda: states(destination) == {"A": "delivered"})
    end_sessions(session)
    wait_until(lambda: not deliverer.is_alive)
    queue(destination, "B")

    with deliver_process():
        wait_until(lambda: states(destination) == {"A": "delivered", "B": "delivered"}, 15)


def test_a_slice_delivers_what_waits_and_ends_when_nothing_does(
    peer: FakePeer, destination_of: Destinations
) -> None:
    destination = destination_of(peer)
    queue(destination, "A", "B")
    try:
        assert deliver_slice() == 2
    finally:
        running_deliverer().stop()
        slices._lines.pop((os.getpid(), "deliver")).close()
    assert states(destination) == {"A": "delivered", "B": "delivered"}
