"""Delivery over real sockets: what arrives, in which order, and what the rows say then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.core import clock
from apps.outbound.delivery.deliverer import Deliverer
from apps.outbound.models import Destination, DestinationLink, OutboundMessage
from tests.factories import OrderFactory
from tests.fakes.peer import (
    ACCEPT,
    HANG_UP,
    SILENCE,
    FakePeer,
    Received,
    Reply,
    by_turns,
    wait_until,
)
from tests.outbound.mail import queue, row, states

pytestmark = [pytest.mark.wire, pytest.mark.django_db(transaction=True)]

Destinations = Callable[..., Destination]


def wait_for_states(destination: Destination, expected: dict[str, str]) -> None:
    wait_until(lambda: states(destination) == expected, 10, lambda: str(states(destination)))


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


def test_an_answer_for_another_message_closes_nothing(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    peer.script = by_turns(Reply(control_id="SOMEBODY ELSES"), Reply(control_id=""), ACCEPT)
    destination = destination_of(peer, answer_timeout_seconds=1)
    queue(destination, "A")
    deliverer.start()

    wait_until(lambda: bool(row("A").error), 5)
    assert row("A").state == "queued"
    assert row("A").error == "no answer within 1 s; 1 answered something else"
    wait_for_states(destination, {"A": "delivered"})
    assert peer.control_ids == ["A", "A", "A"]
    assert peer.connections == 3


def test_an_answer_after_a_foreign_one_still_counts(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    peer.script = by_turns(Reply(control_id="OTHER", then=ACCEPT))
    destination = destination_of(peer)
    queue(destination, "A")
    deliverer.start()

    wait_for_states(destination, {"A": "delivered"})
    assert row("A").attempts == 1


def test_a_late_answer_never_closes_the_next_message(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    peer.script = by_turns(Reply(delay=1.6), SILENCE, ACCEPT)
    destination = destination_of(peer, answer_timeout_seconds=1, quick_retries=0)
    queue(destination, "A", "B")
    deliverer.start()
    peer.wait_for(2, timeout=5)

    assert peer.control_ids[:2] == ["A", "B"]
    assert states(destination) == {"A": "queued", "B": "queued"}
    wait_for_states(destination, {"A": "delivered", "B": "delivered"})


def test_an_accept_answer_closes_and_the_application_answer_after_it_is_dropped(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    peer.script = by_turns(Reply("CA", then=Reply("AE")))
    destination = destination_of(peer)
    queue(destination, "A", "B")
    deliverer.start()

    wait_for_states(destination, {"A": "delivered", "B": "delivered"})


def test_a_silent_peer_gets_the_message_again_on_a_new_connection(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    peer.script = by_turns(SILENCE, ACCEPT)
    destination = destination_of(peer, answer_timeout_seconds=1)
    queue(destination, "A")
    deliverer.start()

    wait_for_states(destination, {"A": "delivered"})
    assert peer.control_ids == ["A", "A"]
    assert peer.connections == 2
    assert row("A").attempts == 2


def test_a_message_that_a_peer_cannot_digest_does_not_silence_the_others(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    peer.script = lambda message: SILENCE if message.control_id == "BAD" else ACCEPT
    destination = destination_of(peer, answer_timeout_seconds=1, quick_retries=1)
    queue(destination, "BAD", "A", "B")
    deliverer.start()

    wait_until(
        lambda: states(destination) == {"BAD": "queued", "A": "delivered", "B": "delivered"}
    )
    assert row("BAD").attempts >= 2


def test_a_peer_that_hangs_up_mid_message_gets_it_again(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    peer.script = by_turns(HANG_UP, ACCEPT)
    destination = destination_of(peer)
    queue(destination, "A")
    deliverer.start()

    wait_for_states(destination, {"A": "delivered"})
    assert peer.control_ids == ["A", "A"]


def test_an_idle_connection_that_the_peer_closed_is_reopened_without_a_failure(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    destination = destination_of(peer)
    queue(destination, "A")
    deliverer.start()
    wait_for_states(destination, {"A": "delivered"})
    peer.hang_up()
    queue(destination, "B")

    wait_for_states(destination, {"A": "delivered", "B": "delivered"})
    assert row("B").attempts == 1


def test_a_peer_that_was_away_gets_everything_in_order_when_it_is_back(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    destination = destination_of(peer, longest_wait_seconds=2)
    peer.go_away()
    queue(destination, *[f"M{n:03}" for n in range(50)])
    deliverer.start()
    wait_until(lambda: DestinationLink.objects.filter(failures__gte=3).exists())
    link = DestinationLink.objects.get(destination=destination)
    assert link.failing_since is not None
    assert link.next_attempt_at is not None
    assert f"127.0.0.1:{peer.port}" in link.last_error
    assert row("M000").attempts == 0
    peer.come_back()

    assert peer.wait_for(50) == [f"M{n:03}" for n in range(50)]
    wait_for_states(destination, {f"M{n:03}": "delivered" for n in range(50)})
    link.refresh_from_db()
    assert (link.failures, link.failing_since, link.next_attempt_at) == (0, None, None)


def test_one_stuck_destination_holds_no_other(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    with FakePeer(script=by_turns(SILENCE)) as stuck:
        silent = destination_of(stuck, answer_timeout_seconds=30)
        refused = destination_of(FakePeer(port=1))
        healthy = destination_of(peer)
        queue(silent, "S1", "S2")
        queue(refused, "R1")
        deliverer.start()
        stuck.wait_for(1)
        queue(healthy, *[f"H{n}" for n in range(20)])

        wait_for_states(healthy, {f"H{n}": "delivered" for n in range(20)})
        assert states(silent) == {"S1": "queued", "S2": "queued"}
        assert states(refused) == {"R1": "queued"}


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


def test_a_corrected_address_is_tried_at_once(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    destination = destination_of(FakePeer(port=1), quick_retries=0)
    queue(destination, "A")
    deliverer.start()
    wait_until(lambda: DestinationLink.objects.filter(failures__gte=2).exists())
    destination.port = peer.port
    destination.save()

    wait_for_states(destination, {"A": "delivered"})


def test_a_message_refused_for_too_long_is_a_dead_letter(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    peer.script = by_turns(Reply("AR", text="not now"))
    destination = destination_of(peer, give_up_hours=24)
    day_ago = clock.now() - timedelta(hours=24, seconds=1)
    queue(destination, "OLD", first_sent_at=day_ago, attempts=40)
    queue(destination, "NEW", first_sent_at=day_ago + timedelta(hours=1), attempts=40)
    deliverer.start()

    wait_for_states(destination, {"OLD": "dead", "NEW": "queued"})
    assert (row("OLD").attempts, row("OLD").answer_code) == (41, "AR")
    assert row("OLD").error == "the destination answered AR: not now"
    wait_until(lambda: row("NEW").next_attempt_at > clock.now() + timedelta(seconds=250))


def test_what_waited_too_long_for_an_unreachable_peer_is_a_dead_letter(
    deliverer: Deliverer, destination_of: Destinations
) -> None:
    nobody = FakePeer(port=1)
    destination = destination_of(nobody, give_up_hours=24)
    now = clock.now()
    DestinationLink.objects.create(
        destination=destination,
        address="127.0.0.1:1",
        served_at=now,
        failing_since=now - timedelta(hours=25),
        failures=100,
    )
    queue(destination, "OLD", created_at=now - timedelta(hours=25))
    queue(destination, "NEW", created_at=now - timedelta(hours=1))
    deliverer.start()

    wait_for_states(destination, {"OLD": "dead", "NEW": "queued"})
    assert "127.0.0.1:1" in row("OLD").error


def test_trouble_before_a_pause_does_not_count_towards_giving_up(
    deliverer: Deliverer, destination_of: Destinations
) -> None:
    destination = destination_of(FakePeer(port=1), give_up_hours=24)
    now = clock.now()
    DestinationLink.objects.create(
        destination=destination,
        address="127.0.0.1:1",
        served_at=now - timedelta(hours=20),
        failing_since=now - timedelta(hours=25),
        failures=100,
    )
    queue(destination, "OLD", created_at=now - timedelta(hours=25))
    deliverer.start()

    wait_until(lambda: DestinationLink.objects.filter(failures__range=(2, 99)).exists())
    assert states(destination) == {"OLD": "queued"}


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
