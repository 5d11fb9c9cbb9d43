"""Who may speak for whom: by address, by certificate, and how many at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest
import uvloop

from apps.hl7v2.mllp import frame
from apps.intake import metrics
from apps.intake.listener.limits import Limits
from apps.intake.listener.profiles import Profile, Profiles
from apps.intake.listener.server import Listener
from apps.intake.listener.tls import Certificates
from tests.intake.listener.samples import fields, message
from tests.wire.certificates import client_context, fingerprint_of, listener_tls
from tests.wire.client import Sender, codes
from tests.wire.stack import Stack
from tests.wire.test_listener_limits import HeldStore, Peer

pytestmark = pytest.mark.wire

CLIENT = fingerprint_of("client")
LOOPBACK = ["127.0.0.0/8", "::1"]


@dataclass
class Scene:
    listener: Listener
    store: HeldStore
    port: int
    tls_port: int

    peers: list[Peer] = field(default_factory=list)

    async def peer(self, name: str | None = None, host: str = "127.0.0.1") -> Peer:
        """Connect, with TLS where a client certificate is named; ``""`` is TLS without one."""
        if name is None:
            wires = await asyncio.open_connection(host, self.port)
        else:
            wires = await asyncio.open_connection(
                host, self.tls_port, ssl=client_context(name), server_hostname="localhost"
            )
        self.peers.append(Peer(*wires))
        return self.peers[-1]


def play(
    scenario: Callable[[Scene], Awaitable[None]],
    *profiles: Profile,
    allowed: Sequence[str] = (),
    limits: Limits | None = None,
    host: str = "127.0.0.1",
) -> HeldStore:
    store = HeldStore()

    async def run() -> None:
        certificates = Certificates(listener_tls("optional"))
        async with Listener([store], limits=limits or Limits(), allowed=allowed) as listener:
            listener.reception.profiles = Profiles.of(profiles)
            scene = Scene(
                listener,
                store,
                listener.listen(host, 0),
                listener.listen(host, 0, tls=lambda: certificates.context),
            )
            try:
                await asyncio.wait_for(scenario(scene), 30)
            finally:
                for peer in scene.peers:
                    peer.writer.transport.abort()
                await asyncio.sleep(0.05)

    uvloop.run(run())
    return store


def refused(reason: str) -> float:
    return metrics.REFUSED_PEERS.labels(reason)._value.get()


async def ask(peer: Peer, raw: bytes) -> tuple[str, str]:
    await peer.send(raw)
    return codes([await peer.answer()])[0]


def test_who_may_speak_for_a_sender_with_a_certificate_of_its_own() -> None:
    robina = Profile("", "Robina", certificates=[CLIENT.upper()])
    asked = [("Robina", None), ("Robina", ""), ("Robina", "client"), ("Tweed", "client"),
             ("Tweed", "")]  # fmt: skip
    heard: list[str] = []

    async def scenario(scene: Scene) -> None:
        for facility, name in asked:
            peer = await scene.peer(name)
            heard.append((await ask(peer, message("1", facility=facility)))[0])

    before = refused("sender")
    store = play(scenario, robina)

    # A stranger speaks for Robina, without and with TLS; Robina for itself; Robina for Tweed;
    # somebody without a certificate for Tweed, which names none.
    assert heard == ["AR", "AR", "AA", "AR", "AA"]
    assert store.taken == 2
    assert refused("sender") == before + 3


def test_a_refusal_says_why_and_the_connection_goes_on() -> None:
    async def scenario(scene: Scene) -> None:
        peer = await scene.peer()
        await peer.send(message("1"), message("2", facility="Tweed"))
        first, second = await peer.answer(), await peer.answer()

        assert fields(first, b"MSA")[1:4] == [
            "AR", "1", "MSH-3: this connection may not speak for the sender",
        ]  # fmt: skip
        assert fields(first, b"ERR")[2:5] == [
            "MSH^1^3", "207^Application internal error^HL70357", "E",
        ]  # fmt: skip
        assert codes([second]) == [("AA", "2")]

    assert play(scenario, Profile("", "Robina", networks=["10.0.0.0/8"])).taken == 1


@pytest.mark.parametrize(
    ("networks", "code"),
    [
        (["127.0.0.1"], "AA"),
        (["10.0.0.0/8", "127.0.0.0/8"], "AA"),
        (["::ffff:127.0.0.0/104"], "AA"),
        (["127.0.0.2"], "AR"),
        (["::1"], "AR"),
        (["not a network"], "AR"),
    ],
)
def test_a_sender_with_networks_is_heard_from_there_only(networks: list[str], code: str) -> None:
    async def scenario(scene: Scene) -> None:
        peer = await scene.peer()
        assert await ask(peer, message("1")) == (code, "1")

    play(scenario, Profile("PACS", "", networks=networks))


def test_where_a_profile_names_both_both_must_fit() -> None:
    async def scenario(scene: Scene) -> None:
        peer = await scene.peer("client")
        assert await ask(peer, message("1", facility="Robina")) == ("AA", "1")
        assert await ask(peer, message("2", facility="Tweed")) == ("AR", "2")

    play(
        scenario,
        Profile("", "Robina", certificates=[CLIENT], networks=["127.0.0.1"]),
        Profile("", "Tweed", certificates=[CLIENT], networks=["10.0.0.0/8"]),
    )


def test_each_message_of_a_batch_is_judged_by_itself() -> None:
    batch = b"".join(
        [b"BHS|^~\\&|PACS|Robina\r", message("1"), message("2", facility="Tweed"), message("3"),
         b"BTS|3\r"]
    )  # fmt: skip

    async def scenario(scene: Scene) -> None:
        peer = await scene.peer()
        await peer.send(batch)
        answer = await peer.answer()
        lines = [line.split(b"|") for line in answer.split(b"\r")]
        assert [line[1:3] for line in lines if line[0] == b"MSA"] == [
            [b"AA", b"1"], [b"AR", b"2"], [b"AA", b"3"],
        ]  # fmt: skip
        assert lines[0][0] == b"BHS"

    assert play(scenario, Profile("", "Tweed", certificates=[CLIENT])).taken == 2


def test_neither_an_answer_nor_a_huge_message_of_a_foreign_sender_is_stored() -> None:
    huge = message("1") + b"NTE|1||" + b"x" * 100_000 + b"\r"

    async def scenario(scene: Scene) -> None:
        peer = await scene.peer()
        await peer.send(message("A", kind="ACK", segments=("MSA|AA|1",)), huge, message("2"))
        assert codes([await peer.answer(), await peer.answer()]) == [("AR", "1"), ("AR", "2")]

    limits = Limits(frame_bytes=50_000)
    assert play(scenario, Profile("", "", certificates=[CLIENT]), limits=limits).taken == 0


def test_a_peer_that_is_not_allowed_is_told_so_and_closed_and_leaves_nothing() -> None:
    async def scenario(scene: Scene) -> None:
        for name in (None, "client"):
            peer = await scene.peer(name)
            await peer.send(message("1"))
            answer = await peer.answer()
            assert fields(answer, b"MSA")[1:4] == ["AR", "1", "peer not allowed"]
            assert fields(answer, b"ERR")[3].startswith("207^")
            assert await peer.is_closed()

    before = refused("not_allowed")
    assert play(scenario, allowed=["10.0.0.0/8", "::1"]).taken == 0
    assert refused("not_allowed") == before + 2


def test_strangers_take_no_room_and_no_time_from_those_who_are_allowed() -> None:
    async def scenario(scene: Scene) -> None:
        strangers = [await scene.peer() for _ in range(20)]
        for peer in strangers[:3]:
            await peer.send_bytes(b"\x0bMSH|^~\\&|half")
        friend = await scene.peer(host="::1")
        assert await ask(friend, message("1")) == ("AA", "1")
        for peer in strangers:
            assert await peer.is_closed()
        assert await ask(friend, message("2")) == ("AA", "2")

    limits = Limits(strangers=10, stranger_seconds=0.2)
    play(scenario, allowed=["::1"], limits=limits, host="::")


def test_an_address_that_comes_mapped_into_ipv6_is_the_same_address() -> None:
    async def scenario(scene: Scene) -> None:
        peer = await scene.peer()
        assert await ask(peer, message("1")) == ("AA", "1")

    play(scenario, Profile("", "Robina", networks=["127.0.0.1"]), allowed=["127.0.0.1"], host="::")


def test_three_hundred_connections_of_one_address_leave_room_for_another() -> None:
    async def scenario(scene: Scene) -> None:
        crowd = [await scene.peer() for _ in range(300)]
        other = await scene.peer(host="::1")

        assert await ask(other, message("1")) == ("AA", "1")
        assert await ask(crowd[49], message("2")) == ("AA", "2")
        assert all([await peer.is_closed() for peer in crowd[50:]])
        await crowd[0].close()
        await asyncio.sleep(0.1)
        fresh = await scene.peer()
        assert await ask(fresh, message("3")) == ("AA", "3")

    before = refused("crowded")
    play(scenario, limits=Limits(connections=200, connections_per_peer=50), host="::")
    assert refused("crowded") == before + 250


def test_a_peer_that_is_silent_for_too_long_is_closed_and_one_that_talks_is_not() -> None:
    async def scenario(scene: Scene) -> None:
        silent, talking, waiting = await scene.peer(), await scene.peer(), await scene.peer("")
        assert await ask(silent, message("1")) == ("AA", "1")
        began = time.monotonic()
        scene.store.gate.clear()
        await waiting.send(message("W"))
        while time.monotonic() - began < 3:
            await talking.send_bytes(b"\x0bMSH|^~\\&|slow")
            await asyncio.sleep(0.25)
        scene.store.gate.set()

        assert await silent.is_closed()
        await talking.send(message("2"))
        # The half-sent blocks were cut off by the last one; nobody was closed in the middle.
        assert codes([await talking.answer()]) == [("AA", "2")]
        # Whose answer is under way is not silent, however long we take.
        assert codes([await waiting.answer()]) == [("AA", "W")]

    before = metrics.IDLE_CLOSED._value.get()
    play(scenario, limits=Limits(idle_seconds=1))
    assert metrics.IDLE_CLOSED._value.get() == before + 1


def test_an_edited_profile_binds_the_very_next_message(stack: Stack) -> None:
    insert = (
        "INSERT INTO intake_senderprofile (name, application, facility, issuer, places, time_zone,"
        " urgency_words, modality_words, status_meaning, is_strict, accepted_types,"
        " accepted_versions, accepted_processing_ids, networks)"
        " VALUES ('bound', '', 'BOUND', '', '{}', '', '{}', '{}', 'reading', false, '{}', '{}',"
        " '{}', %s)"
    )
    with stack.listener() as listener, Sender(listener.port) as sender:
        assert codes([sender.exchange(message("1", facility="BOUND"))]) == [("AA", "1")]
        stack.rows(insert, [["10.0.0.0/8"]])
        try:
            deadline = time.monotonic() + 5
            number = 2
            while codes([sender.exchange(message(str(number), facility="BOUND"))])[0][0] == "AA":
                assert time.monotonic() < deadline
                number += 1
                time.sleep(0.1)
            before = len(stack.stored("BOUND"))
            flood = b"".join(frame(message(f"F{n}", facility="BOUND")) for n in range(500))
            sender.wire.sendall(flood)
            assert {code for code, _ in codes(sender.answers(500))} == {"AR"}
            assert len(stack.stored("BOUND")) == before
        finally:
            stack.rows("DELETE FROM intake_senderprofile WHERE name = 'bound'")


def test_the_listener_allows_whom_the_settings_name(stack: Stack) -> None:
    with (
        stack.listener({"HL7_ALLOWED_PEERS": "10.0.0.0/8"}) as listener,
        Sender(listener.port) as sender,
    ):
        answer = sender.exchange(message("1", facility="NOBODY"))
        assert fields(answer, b"MSA")[1:] == ["AR", "1", "peer not allowed"]
        assert sender.is_closed()
        assert stack.stored("NOBODY") == []
