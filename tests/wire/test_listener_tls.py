"""TLS on the wire: who gets in with what, what a bad handshake costs, certificates that change."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
import ssl
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from apps.intake import metrics
from apps.intake.listener.limits import Limits
from apps.intake.listener.server import Listener
from apps.intake.listener.tls import Certificates
from radassign.hl7_transport import Hl7Tls
from tests.intake.listener.samples import message
from tests.wire.certificates import FOLDER, client_context, fingerprint_of, listener_tls
from tests.wire.client import (
    Sender,
    codes,
    finish_senders,
    start_senders,
    wait_until_more,
)
from tests.wire.stack import Stack
from tests.wire.test_listener_limits import HeldStore, Peer

pytestmark = pytest.mark.wire


class Scene:
    def __init__(self, listener: Listener, store: HeldStore, port: int, plain: int) -> None:
        self.listener, self.store, self.port, self.plain_port = listener, store, port, plain
        self._peers: list[Peer] = []

    async def peer(self, name: str = "", context: ssl.SSLContext | None = None) -> Peer:
        context = context or client_context(name)
        return await self._connect(self.port, ssl=context, server_hostname="localhost")

    async def plain(self) -> Peer:
        return await self._connect(self.plain_port)

    async def raw(self) -> Peer:
        """Connect to the TLS port and say nothing yet."""
        return await self._connect(self.port)

    async def _connect(self, port: int, **options: object) -> Peer:
        peer = Peer(*await asyncio.open_connection("127.0.0.1", port, **options))  # type: ignore[arg-type] # passed on
        self._peers.append(peer)
        return peer

    async def close(self) -> None:
        for peer in self._peers:
            peer.writer.transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def listening(tls: Hl7Tls, limits: Limits) -> AsyncIterator[Scene]:
    store = HeldStore()
    certificates = Certificates(tls)
    async with Listener([store], limits=limits) as listener:
        port = listener.listen("127.0.0.1", 0, tls=lambda: certificates.context)
        scene = Scene(listener, store, port, listener.listen("127.0.0.1", 0))
        try:
            yield scene
        finally:
            store.gate.set()
            await scene.close()


def play(
    scenario: Callable[[Scene], Awaitable[None]],
    tls: Hl7Tls | None = None,
    limits: Limits | None = None,
) -> None:
    async def run() -> None:
        async with listening(tls or listener_tls(), limits or Limits()) as scene:
            await asyncio.wait_for(scenario(scene), 40)

    uvloop.run(run())


async def greet(peer: Peer, control_id: str = "1") -> list[tuple[str, str]]:
    await peer.send(message(control_id))
    return codes([await peer.answer()])


async def turned_away(scene: Scene, name: str = "", context: ssl.SSLContext | None = None) -> bool:
    """Return whether the listener hangs up on somebody without an answer.

    With TLS 1.3 a client has finished its handshake before its certificate is looked at.
    """
    try:
        peer = await scene.peer(name, context)
        await peer.send(message("X"))
        await peer.answer()
    except (OSError, ssl.SSLError):
        return True
    return False


def refused(reason: str) -> float:
    return metrics.REFUSED_PEERS.labels(reason)._value.get()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_messages_are_taken_over_tls_12_and_13(version: ssl.TLSVersion) -> None:
    async def scenario(scene: Scene) -> None:
        context = client_context()
        context.minimum_version = context.maximum_version = version
        peer = await scene.peer(context=context)
        await peer.send(*[message(str(number)) for number in range(500)])

        answers = [await peer.answer() for _ in range(500)]

        assert codes(answers) == [("AA", str(number)) for number in range(500)]

    play(scenario)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_tls_is_refused(version: ssl.TLSVersion) -> None:
    async def scenario(scene: Scene) -> None:
        context = client_context()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")

        assert await turned_away(scene, context=context)
        assert await greet(await scene.peer()) == [("AA", "1")]

    before = refused("handshake")
    play(scenario)
    assert refused("handshake") == before + 1


def test_a_key_exchange_without_forward_secrecy_is_refused() -> None:
    async def scenario(scene: Scene) -> None:
        context = client_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("kRSA")

        assert await turned_away(scene, context=context)

    play(scenario)


@pytest.mark.parametrize(
    ("asked", "name", "is_refused"),
    [
        ("required", "client", False),
        ("required", "", True),
        ("required", "other-client", True),
        ("required", "expired", True),
        ("optional", "", False),
        ("optional", "client", False),
        ("optional", "other-client", True),
        ("off", "other-client", False),
    ],
)
def test_a_client_certificate_is_asked_for_as_the_settings_say(
    asked: str, name: str, *, is_refused: bool
) -> None:
    async def scenario(scene: Scene) -> None:
        assert await turned_away(scene, name) is is_refused

    play(scenario, listener_tls(asked))


def test_a_client_sees_a_certificate_that_is_not_for_the_host() -> None:
    async def scenario(scene: Scene) -> None:
        with pytest.raises(ssl.SSLCertVerificationError, match="not valid for 'localhost'"):
            await scene.peer()

    play(scenario, listener_tls(name="elsewhere"))


def test_handshakes_that_never_end_hold_up_nobody_and_are_ended() -> None:
    async def scenario(scene: Scene) -> None:
        silent = [await scene.raw() for _ in range(20)]
        for number, peer in enumerate(silent):
            # Some begin a handshake and stop in the middle of it, some say nothing at all.
            await peer.send_bytes(b"\x16\x03\x01\x02\x00\x01"[: number % 7])
        began = time.monotonic()

        for number in range(5):
            assert await greet(await scene.peer(), str(number)) == [("AA", str(number))]
            assert await greet(await scene.plain(), str(number)) == [("AA", str(number))]
        assert time.monotonic() - began < 1
        for peer in silent:
            assert await peer.is_closed()
        assert time.monotonic() - began < 3
        assert scene.listener._door.inside == 10

    before = refused("handshake")
    play(scenario, limits=Limits(handshake_seconds=1))
    assert refused("handshake") == before + 20


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x0bMSH|^~\\&|\x1c\r",
        b"\x00" * 500,
        b"\x16\x03\x01\xff\xff" * 99,
    ],
    ids=["HTTP", "MLLP without TLS", "NUL", "a record that is too long"],
)
def test_what_is_no_handshake_is_closed_at_once(garbage: bytes) -> None:
    async def scenario(scene: Scene) -> None:
        peer = await scene.raw()
        began = time.monotonic()
        await peer.send_bytes(garbage)

        with contextlib.suppress(ConnectionError):
            while await peer._reader.read(1000):
                pass
        assert time.monotonic() - began < 2
        await asyncio.sleep(0.05)
        assert scene.listener._door.inside == 0

    play(scenario, limits=Limits(handshake_seconds=5))


def test_a_peer_that_hangs_up_in_the_middle_of_everything_leaves_nothing_behind() -> None:
    async def scenario(scene: Scene) -> None:
        for number in range(30):
            peer = await (scene.peer() if number % 2 else scene.raw())
            await peer.send_bytes(b"\x16\x03\x01" if number % 2 == 0 else b"\x0bMSH|half")
            peer.writer.transport.abort()
        for _ in range(100):
            if not scene.listener._door.inside:
                break
            await asyncio.sleep(0.05)
        assert (scene.listener._door.inside, scene.listener.open_connections) == (0, 0)
        assert scene.listener.budget.used == 0

    play(scenario)


def test_large_messages_of_many_peers_stay_within_the_budget_and_all_arrive() -> None:
    async def scenario(scene: Scene) -> None:
        peers = [await scene.peer() for _ in range(8)]
        body = message("1") + b"NTE|1||" + b"x" * 2_000_000 + b"\r"
        sending = [asyncio.create_task(peer.send(body)) for peer in peers]

        assert codes([await peer.answer() for peer in peers]) == [("AA", "1")] * 8
        await asyncio.gather(*sending)
        assert scene.listener.budget.used == 0

    play(scenario, limits=Limits(budget_bytes=1_000_000, read_bytes=16_384))


def test_stopping_answers_what_came_over_tls_and_says_goodbye() -> None:
    async def scenario() -> None:
        certificates = Certificates(listener_tls())
        store = HeldStore()
        store.gate.clear()
        async with Listener([store]) as listener:
            port = listener.listen("127.0.0.1", 0, tls=lambda: certificates.context)
            peer = Peer(
                *await asyncio.open_connection(
                    "127.0.0.1", port, ssl=client_context(), server_hostname="localhost"
                )
            )
            await peer.send(message("1"), message("2"))
            while not store.taken:
                await asyncio.sleep(0.01)
            asyncio.get_running_loop().call_later(0.2, store.gate.set)
        assert codes([await peer.answer(), await peer.answer()]) == [("AA", "1"), ("AA", "2")]
        assert await peer.is_closed()
        await peer.close()

    uvloop.run(scenario())


def certificates_in(folder: Path, name: str) -> Hl7Tls:
    """Copy a certificate and its key into a folder of the test's own."""
    for suffix in ("pem", "key"):
        fresh = folder / f"new.{suffix}"
        shutil.copyfile(FOLDER / f"{name}.{suffix}", fresh)
        fresh.replace(folder / f"server.{suffix}")
    return Hl7Tls(0, folder / "server.pem", folder / "server.key")


def shown_certificate(port: int) -> str:
    """Return what the listener on a port shows of itself."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        context = client_context()
        context.check_hostname = False
        with context.wrap_socket(wire) as secured:
            names = secured.getpeercert()
    assert names is not None
    return str(names["subjectAltName"][0][1])


def wait_until_shown(port: int, name: str) -> None:
    deadline = time.monotonic() + 10
    while shown_certificate(port) != name:
        assert time.monotonic() < deadline, f"{name} is not shown"
        time.sleep(0.1)


@pytest.mark.parametrize("is_told", [True, False], ids=["SIGHUP", "by itself"])
def test_new_certificates_under_load_drop_no_connection_and_no_answer(
    stack: Stack, tmp_path: Path, *, is_told: bool
) -> None:
    tls = certificates_in(tmp_path, "server")
    settings = {
        "HL7_TLS_PORT": "1",
        "HL7_TLS_CERT": str(tls.certificate),
        "HL7_TLS_KEY": str(tls.key),
    }
    facility = f"RENEW{is_told}"
    with stack.listener(settings) as listener:
        senders = start_senders(listener.tls_port, facility, 4, client_context())
        wait_until_more(senders, 20)
        for name in ("elsewhere", "server"):
            certificates_in(tmp_path, name)
            if is_told:
                listener.process.send_signal(signal.SIGHUP)
            expected = {"elsewhere": "elsewhere.test", "server": "localhost"}[name]
            wait_until_shown(listener.tls_port, expected)
            wait_until_more(senders, 20)
        # A bad key changes nothing for anybody.
        shutil.copyfile(FOLDER / "client.key", tmp_path / "server.key")
        listener.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert shown_certificate(listener.tls_port) == "localhost"
        wait_until_more(senders, 20)
        accepted = finish_senders(senders)
    assert [(sender.connections, sender.resent) for sender in senders] == [(1, 0)] * 4
    assert sorted(row[0] for row in stack.stored(facility)) == accepted


@pytest.mark.fault
def test_the_listener_killed_under_tls_load_loses_nothing_that_was_accepted(
    stack: Stack, tmp_path: Path
) -> None:
    tls = certificates_in(tmp_path, "server")
    settings = {
        "HL7_TLS_PORT": "1",
        "HL7_TLS_CERT": str(tls.certificate),
        "HL7_TLS_KEY": str(tls.key),
    }
    with stack.listener(settings) as listener:
        senders = start_senders(listener.tls_port, "TLSKILL", 4, client_context())
        for _ in range(2):
            wait_until_more(senders, 20)
            listener.kill()
            listener.start()
        wait_until_more(senders, 20)
        accepted = finish_senders(senders)
    stored = sorted(row[0] for row in stack.stored("TLSKILL"))
    assert len(stored) == len(set(stored))
    assert set(accepted) <= set(stored)


def test_sighup_without_tls_ends_nothing(stack: Stack) -> None:
    with stack.listener() as listener, Sender(listener.port) as sender:
        listener.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)

        assert codes([sender.exchange(message("1", facility="HUP"))]) == [("AA", "1")]


def test_the_fingerprint_is_that_of_the_certificate() -> None:
    async def scenario(scene: Scene) -> None:
        assert await greet(await scene.peer("client")) == [("AA", "1")]
        [connection] = scene.listener._connections
        assert connection._speaker.certificate == fingerprint_of("client")

    play(scenario, listener_tls("required"))
