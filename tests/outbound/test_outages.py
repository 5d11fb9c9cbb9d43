"""Peers that are away, silent, late or answer for others: nothing is lost, nobody else waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.core import clock
from apps.outbound.delivery.deliverer import Deliverer
from apps.outbound.models import Destination, DestinationLink
from apps.outbound.services.by_hand import try_now
from tests.fakes.peer import (
    ACCEPT,
    HANG_UP,
    SILENCE,
    FakePeer,
    Reply,
    by_turns,
    wait_until,
)
from tests.outbound.mail import queue, row, states, wait_for_states

pytestmark = [pytest.mark.wire, pytest.mark.django_db(transaction=True)]

Destinations = Callable[..., Destination]


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


def test_a_person_ends_a_destinations_rest(
    deliverer: Deliverer, peer: FakePeer, destination_of: Destinations
) -> None:
    destination = destination_of(peer)
    DestinationLink.objects.create(
        destination=destination,
        address=f"127.0.0.1:{peer.port}",
        served_at=clock.now(),
        failing_since=clock.now(),
        failures=9,
        next_attempt_at=clock.now() + timedelta(minutes=4),
    )
    queue(destination, "A")
    deliverer.start()
    with pytest.raises(AssertionError, match="not within"):
        peer.wait_for(1, timeout=1.5)
    try_now(destination_id=destination.pk, at=clock.now())

    wait_for_states(destination, {"A": "delivered"})
