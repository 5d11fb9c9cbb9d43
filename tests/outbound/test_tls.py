"""TLS to a destination, over real sockets: who it is, who we are, and what is said of trouble."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import uvloop
from pytest_django import Settings

from apps.outbound.delivery.letters import Patience, Peer, Tls
from apps.outbound.delivery.wire import connect
from apps.outbound.exceptions import ClosedError, DeliveryError
from apps.outbound.models import Destination, DestinationLink, OutboundMessage
from radassign.env import Env, EnvError
from tests.factories import DestinationFactory, OutboundMessageFactory
from tests.fakes.peer import FakePeer, wait_until
from tests.outbound.tls_peer import (
    AUTHORITY,
    CERTIFICATES,
    OTHER_AUTHORITY,
    TlsPeer,
    server_context,
)

MESSAGE = b"MSH|^~\\&|A|B|C|D|2026||ORU^R01|M-1|P|2.5.1\r"
CERTIFIED = Tls(AUTHORITY, "127.0.0.1", shows_certificate=False)


@pytest.fixture
def tls_peer() -> Iterator[TlsPeer]:
    with TlsPeer() as made:
        yield made


@pytest.fixture(autouse=True)
def no_own_certificate(settings: Settings) -> None:
    settings.HL7_CLIENT_CERT = settings.HL7_CLIENT_KEY = None


def peer_at(port: int, tls: Tls | None = CERTIFIED, host: str = "127.0.0.1") -> Peer:
    patience = Patience(3, timedelta(minutes=5), timedelta(hours=24))
    return Peer(1, "RIS", host, port, 2.0, holds_after_dead=True, patience=patience, tls=tls)


def send(peer: Peer) -> str:
    """Return the answer's code, or what went wrong in words."""

    async def exchange() -> str:
        connection = await connect(peer)
        try:
            return (await connection.exchange(MESSAGE, "M-1", 2.0)).code
        finally:
            connection.close()

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(exchange())
    except DeliveryError as error:
        return str(error).removeprefix(f"{peer.address}: ")


pytestmark = pytest.mark.wire


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_trusted_peer_is_told_over_tls(tls_peer: TlsPeer, name: str) -> None:
    assert send(peer_at(tls_peer.port, replace(CERTIFIED, server_name=name))) == "AA"
    assert tls_peer.versions == ["TLSv1.3"]


@pytest.mark.parametrize(
    ("certificate", "tls", "words"),
    [
        pytest.param("expired", CERTIFIED, "its certificate has expired", id="expired"),
        pytest.param(
            "elsewhere",
            CERTIFIED,
            "the name does not match: its certificate is not for 127.0.0.1",
            id="address",
        ),
        pytest.param(
            "server",
            replace(CERTIFIED, server_name="ris.example"),
            "the name does not match: its certificate is not for ris.example",
            id="name",
        ),
        pytest.param(
            "server",
            replace(CERTIFIED, authority=OTHER_AUTHORITY),
            "the authority of its certificate is not trusted here",
            id="another authority",
        ),
        pytest.param(
            "server",
            replace(CERTIFIED, authority=""),
            "the authority of its certificate is not trusted here",
            id="the system's authorities",
        ),
    ],
)
def test_a_peer_that_is_not_who_it_should_be_gets_nothing(
    certificate: str, tls: Tls, words: str
) -> None:
    with TlsPeer(context=server_context(certificate)) as peer:
        assert send(peer_at(peer.port, tls)) == words
        assert peer.received == []


class GreetingPeer(FakePeer):
    """Speaks first, in plain."""

    def _talk(self, connection: socket.socket, number: int) -> None:
        connection.sendall(b"\x0bMSH|^~\\&|plain\x1c\r")
        super()._talk(connection, number)


def test_a_peer_without_tls_is_said_to_speak_none() -> None:
    with GreetingPeer() as peer:
        assert send(peer_at(peer.port)) == "the peer does not speak TLS"


def test_a_plain_peer_that_waits_is_given_up_after_the_usual_time(
    peer: FakePeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.outbound.delivery.wire.CONNECT_TIMEOUT_SECONDS", 0.3)
    words = "no connection within 0.3 s: it is not there, or does not speak TLS"
    assert send(peer_at(peer.port)) == words
    assert peer.received == []


def test_tls_older_than_1_2_is_refused() -> None:
    context = server_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):  # Python says too that these are outdated
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with TlsPeer(context=context) as peer:
        assert send(peer_at(peer.port)) == "the peer speaks no TLS of 1.2 or later"


@pytest.mark.parametrize("most", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_our_certificate_is_shown_where_it_is_wanted(
    most: ssl.TLSVersion, settings: Settings
) -> None:
    context = server_context(asks_client=True)
    context.maximum_version = most
    settings.HL7_CLIENT_CERT = CERTIFICATES / "client.pem"
    settings.HL7_CLIENT_KEY = CERTIFICATES / "client.key"
    with TlsPeer(context=context) as peer:
        assert send(peer_at(peer.port, replace(CERTIFIED, shows_certificate=True))) == "AA"
        assert peer.clients == ["RIS Robina"]


@pytest.mark.parametrize("most", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_peer_that_asks_for_a_certificate_says_so(most: ssl.TLSVersion) -> None:
    context = server_context(asks_client=True)
    context.maximum_version = most
    with TlsPeer(context=context) as peer:
        words = send(peer_at(peer.port))
        assert peer.received == []
    assert "certificate" in words


@pytest.mark.parametrize("most", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_that_the_peer_does_not_trust_is_named(
    most: ssl.TLSVersion, settings: Settings
) -> None:
    context = server_context(asks_client=True)
    context.maximum_version = most
    settings.HL7_CLIENT_CERT = CERTIFICATES / "other-client.pem"
    settings.HL7_CLIENT_KEY = CERTIFICATES / "other-client.key"
    with TlsPeer(context=context) as peer:
        words = send(peer_at(peer.port, replace(CERTIFIED, shows_certificate=True)))
        assert peer.received == []
    assert words.endswith("the peer does not trust our client certificate")


def test_a_certificate_that_is_wanted_and_not_set_is_asked_for(tls_peer: TlsPeer) -> None:
    words = send(peer_at(tls_peer.port, replace(CERTIFIED, shows_certificate=True)))
    assert words == "HL7_CLIENT_CERT is not set: there is no client certificate to show"


def test_a_key_of_another_certificate_is_not_usable(tls_peer: TlsPeer, settings: Settings) -> None:
    settings.HL7_CLIENT_CERT = CERTIFICATES / "client.pem"
    settings.HL7_CLIENT_KEY = CERTIFICATES / "server.key"
    words = send(peer_at(tls_peer.port, replace(CERTIFIED, shows_certificate=True)))
    assert words.endswith("and its key are not usable: KEY_VALUES_MISMATCH")


def test_renewed_files_count_from_the_next_connection(tmp_path: Path, settings: Settings) -> None:
    def put(name: str) -> None:
        shutil.copy(CERTIFICATES / f"{name}.pem", tmp_path / "own.pem")
        shutil.copy(CERTIFICATES / f"{name}.key", tmp_path / "own.key")

    settings.HL7_CLIENT_CERT = tmp_path / "own.pem"
    settings.HL7_CLIENT_KEY = tmp_path / "own.key"
    with TlsPeer(context=server_context(asks_client=True)) as peer:
        wanted = peer_at(peer.port, replace(CERTIFIED, shows_certificate=True))
        put("other-client")
        assert send(wanted).endswith("the peer does not trust our client certificate")
        put("client")
        assert send(wanted) == "AA"


def test_a_peer_that_goes_away_is_closed(tls_peer: TlsPeer) -> None:
    async def lose() -> None:
        connection = await connect(peer_at(tls_peer.port))
        assert connection.is_open
        await asyncio.to_thread(tls_peer.go_away)
        try:
            with pytest.raises(ClosedError):
                await connection.exchange(MESSAGE, "M-1", 2.0)
        finally:
            connection.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(lose())


# -- the whole way ---------------------------------------------------------------------------


@pytest.mark.usefixtures("deliverer")
class TestDelivered:
    @pytest.fixture(autouse=True)
    def running(self, request: pytest.FixtureRequest) -> None:
        request.getfixturevalue("deliverer").start()

    def test_switching_tls_on_counts_at_once(self, tls_peer: TlsPeer) -> None:
        destination: Destination = DestinationFactory.create(
            port=tls_peer.port, answer_timeout_seconds=1
        )
        message = OutboundMessageFactory.create(destination=destination, payload=MESSAGE,
                                                control_id="M-1")  # fmt: skip
        wait_until(_link_of(destination, failures=True))
        Destination.objects.filter(pk=destination.pk).update(
            uses_tls=True, tls_authority=AUTHORITY, tls_server_name="localhost"
        )
        tls_peer.wait_for(1)
        wait_until(lambda: OutboundMessage.objects.get(pk=message.pk).state == "delivered")

    def test_trouble_with_a_certificate_is_told_on_the_link(self) -> None:
        with TlsPeer(context=server_context("expired")) as peer:
            destination = DestinationFactory.create(
                port=peer.port, uses_tls=True, tls_authority=AUTHORITY
            )
            OutboundMessageFactory.create(destination=destination, payload=MESSAGE)
            wait_until(_link_of(destination, failures=True))
            assert peer.received == []
        error = DestinationLink.objects.get(destination=destination).last_error
        assert error == f"127.0.0.1:{peer.port}: its certificate has expired"


def _link_of(destination: Destination, *, failures: bool) -> Callable[[], bool]:
    rows = DestinationLink.objects.filter(destination=destination)
    return lambda: rows.filter(failures__gt=0).exists() is failures


def test_the_path_of_a_certificate_has_to_be_one(tmp_path: Path) -> None:
    there = CERTIFICATES / "client.pem"
    assert Env({"HL7_CLIENT_CERT": str(there)}).file("HL7_CLIENT_CERT") == there
    assert Env({}).file("HL7_CLIENT_CERT") is None
    for wrong in (tmp_path, tmp_path / "missing.pem"):
        with pytest.raises(EnvError, match="HL7_CLIENT_CERT"):
            Env({"HL7_CLIENT_CERT": str(wrong)}).file("HL7_CLIENT_CERT")
