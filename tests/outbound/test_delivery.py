"""Delivery over real sockets: what arrives, in which order, and what the rows say then."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from apps.hl7v2.answers import Answer
from apps.outbound.delivery.deliverer import Deliverer
from apps.outbound.delivery.verdicts import Verdict, verdict_on
from apps.outbound.models import Destination, OutboundMessage
from tests.factories import OrderFactory
from tests.fakes.peer import (
    ACCEPT,
    FakePeer,
    Received,
    Reply,
    by_turns,
    wait_until,
)
from tests.outbound.mail import queue, row, states, wait_for_states

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
    wait_for_states(destination, {"A": "delivered", "B": "delivered", "C": "delivered"})
    done = row("C")
    assert (done.attempts, done.answer_code, done.error) == (1, "AA", "")
    assert done.first_sent_at == done.sent_at
    assert done.answered_at is not None
    assert peer.connections == 1


def test_sends_the_stored_bytes_unchanged(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    (message,) = queue(destination_of(peer), "A")
    deliverer.start()
    peer.wait_for(1)

    assert peer.received[0].payload == bytes(message.payload)


@pytest.mark.parametrize("code", ["AA", "CA"])
def test_positive_answers_deliver(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations, code: str
) -> None:
    peer.script = by_turns(Reply(code))
    destination = destination_of(peer)
    queue(destination, "A")
    deliverer.start()

    wait_for_states(destination, {"A": "delivered"})
    assert row("A").answer_code == code


@pytest.mark.parametrize("code", ["AE", "CE"])
def test_an_error_answer_is_a_dead_letter_at_once_and_keeps_its_words(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations, code: str
) -> None:
    peer.script = by_turns(Reply(code, text="PID-3 unknown\\X00\\"), ACCEPT)
    destination = destination_of(peer)
    queue(destination, "A", "B")
    deliverer.start()

    wait_for_states(destination, {"A": "dead", "B": "delivered"})
    dead = row("A")
    assert (dead.attempts, dead.answer_code) == (1, code)
    assert dead.error == f"the destination answered {code}: PID-3 unknown\\X00\\"


def test_a_refused_message_goes_again_and_delays_only_its_order(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    refused: list[str] = []

    def script(message: Received) -> Reply:
        if message.control_id == "A1" and len(refused) < 2:
            refused.append(message.control_id)
            return Reply("AR", text="not now")
        return ACCEPT

    peer.script = script
    destination = destination_of(peer)
    order = OrderFactory.create()
    queue(destination, "A1", "A2", order=order)
    queue(destination, "B")
    deliverer.start()

    wait_for_states(destination, dict.fromkeys(["A1", "A2", "B"], "delivered"))
    assert peer.control_ids == ["A1", "B", "A1", "A1", "A2"]
    assert row("A1").attempts == 3
    assert peer.connections == 1


def test_a_dead_letter_holds_its_orders_later_messages(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    peer.script = by_turns(Reply("AE"), ACCEPT)
    destination = destination_of(peer, on_dead_letter="hold")
    order = OrderFactory.create()
    queue(destination, "A1", "A2", order=order)
    queue(destination, "B")
    deliverer.start()

    wait_for_states(destination, {"A1": "dead", "A2": "queued", "B": "delivered"})
    queue(destination, "A3", order=order)
    queue(destination, "C")
    wait_until(lambda: states(destination)["C"] == "delivered")
    assert peer.control_ids == ["A1", "B", "C"]


def test_a_dead_letter_is_skipped_where_the_destination_says_so(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    peer.script = by_turns(Reply("AE"), ACCEPT)
    destination = destination_of(peer, on_dead_letter="skip")
    queue(destination, "A1", "A2", order=OrderFactory.create())
    deliverer.start()

    wait_for_states(destination, {"A1": "dead", "A2": "delivered"})


def test_an_accept_answer_closes_and_the_application_answer_after_it_is_dropped(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    peer.script = by_turns(Reply("CA", then=Reply("AE")))
    destination = destination_of(peer)
    queue(destination, "A", "B")
    deliverer.start()

    wait_for_states(destination, {"A": "delivered", "B": "delivered"})


def test_a_disabled_destination_keeps_its_queue_and_catches_up(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    destination = destination_of(peer, is_enabled=False)
    queue(destination, "A")
    deliverer.start()
    with FakePeer() as other:
        healthy = destination_of(other)
        queue(healthy, "B")
        wait_for_states(healthy, {"B": "delivered"})
    assert states(destination) == {"A": "queued"}
    destination.is_enabled = True
    destination.save()

    wait_for_states(destination, {"A": "delivered"})


def test_bytes_that_cannot_be_framed_are_a_dead_letter_without_being_sent(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    destination = destination_of(peer)
    queue(destination, "A", payload=b"MSH|^~\\&|a\x0bb\r")
    queue(destination, "B")
    deliverer.start()

    wait_for_states(destination, {"A": "dead", "B": "delivered"})
    assert peer.control_ids == ["B"]
    assert row("A").error == "payload holds MLLP framing bytes"


def test_a_withdrawn_message_is_not_sent(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    destination = destination_of(peer)
    order = OrderFactory.create()
    queue(destination, "A1", order=order, state="cancelled")
    queue(destination, "A2", order=order)
    deliverer.start()

    wait_for_states(destination, {"A1": "cancelled", "A2": "delivered"})
    assert peer.control_ids == ["A2"]


def test_many_orders_arrive_in_order_per_order_once(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    destination = destination_of(peer)
    orders = OrderFactory.create_batch(20)
    deliverer.start()
    for step in range(10):
        for place, order in enumerate(orders):
            queue(destination, f"{place:02}-{step}", order=order)

    arrived = peer.wait_for(200)
    assert sorted(arrived) == sorted(set(arrived))
    for place in range(20):
        of_order = [name for name in arrived if name.startswith(f"{place:02}-")]
        assert of_order == [f"{place:02}-{step}" for step in range(10)]


def test_two_deliverers_share_the_destinations_without_repeats(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    second = Deliverer()
    with FakePeer() as other_peer:
        one, two = destination_of(peer), destination_of(other_peer)
        deliverer.start()
        second.start()
        for number in range(30):
            queue(one, f"A{number}")
            queue(two, f"B{number}")
        try:
            assert peer.wait_for(30) == [f"A{n}" for n in range(30)]
            assert other_peer.wait_for(30) == [f"B{n}" for n in range(30)]
        finally:
            second.stop()


def test_another_deliverer_takes_over_what_one_let_go(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    destination = destination_of(peer)
    first = Deliverer()
    first.start()
    queue(destination, "A")
    wait_for_states(destination, {"A": "delivered"})
    deliverer.start()
    first.stop()
    queue(destination, "B")

    wait_for_states(destination, {"A": "delivered", "B": "delivered"})
    assert OutboundMessage.objects.filter(attempts__gt=1).count() == 0


def test_a_lane_that_fails_by_our_own_fault_is_started_anew_and_stops_no_other(
    deliverer: Deliverer,
    peer: FakePeer,
    destination_of: Destinations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faults = ["once"]

    def fail_once(answer: Answer) -> Verdict:
        if answer.text == "boom" and faults:
            raise RuntimeError(faults.pop())
        return verdict_on(answer)

    monkeypatch.setattr("apps.outbound.delivery.lane.verdict_on", fail_once)
    with FakePeer(script=by_turns(Reply(text="boom"))) as cursed:
        failing, healthy = destination_of(cursed), destination_of(peer)
        queue(failing, "A")
        queue(healthy, "B")
        deliverer.start()

        wait_for_states(healthy, {"B": "delivered"})
        wait_for_states(failing, {"A": "delivered"})
    assert (faults, row("A").attempts, row("B").attempts) == ([], 2, 1)


def test_without_slices_the_deliverer_ends_by_itself(
    deliverer: Deliverer,
    peer: FakePeer,
    destination_of: Destinations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("apps.outbound.delivery.deliverer.LEASE_SECONDS", 0.5)
    destination = destination_of(peer)
    queue(destination, "A")
    deliverer.start()

    wait_for_states(destination, {"A": "delivered"})
    wait_until(lambda: not deliverer.is_alive)


def test_attempts_are_counted_by_what_came_of_them(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    peer.script = by_turns(Reply("AR"), Reply("AE"), ACCEPT)
    destination = destination_of(peer, on_dead_letter="skip")
    queue(destination, "A", "B", order=OrderFactory.create())
    deliverer.start()
    wait_for_states(destination, {"A": "dead", "B": "delivered"})

    counted = {
        result: REGISTRY.get_sample_value(
            "hl7_emitter_messages_sent_total", {"destination": destination.name, "result": result}
        )
        for result in ("rejected", "error", "delivered", "silent")
    }
    assert counted == {"rejected": 1, "error": 1, "delivered": 1, "silent": None}
