from __future__ import annotations

import hashlib
import logging

import pytest

from apps.intake.listener.door import Door
from apps.intake.listener.limits import Limits
from apps.intake.listener.peers import Peer, fingerprint, peer_of
from apps.intake.listener.sparing import SparingLog


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (("10.1.2.3", 40112), Peer("10.1.2.3", 40112)),
        (("::ffff:10.1.2.3", 40112, 0, 0), Peer("10.1.2.3", 40112)),
        (("2001:db8:0:0::1", 40112, 0, 0), Peer("2001:db8::1", 40112)),
        (("fe80::1%eth0", 1, 0, 2), Peer("fe80::1%eth0", 1)),
        ("", Peer()),
        (None, Peer()),
    ],
)
def test_a_peer_has_one_address_however_it_came(name: object, expected: Peer) -> None:
    assert peer_of(name) == expected


def test_a_certificate_is_known_by_its_sha_256() -> None:
    digest = hashlib.sha256(b"DER").hexdigest()

    assert peer_of(("10.1.2.3", 1), b"DER").certificate == digest
    assert fingerprint(":".join(digest[n : n + 2] for n in range(0, 64, 2)).upper()) == digest


@pytest.mark.parametrize(
    ("address", "networks", "is_within"),
    [
        ("10.1.2.3", ["10.1.2.3"], True),
        ("10.1.2.3", ["10.1.0.0/16"], True),
        ("10.1.2.3", ["10.1.2.3/16"], True),
        ("10.1.2.3", ["::ffff:10.1.0.0/112"], True),
        ("10.1.2.3", ["::/0"], False),
        ("2001:db8::1", ["2001:db8::/32", "10.0.0.0/8"], True),
        ("2001:db8::1", ["0.0.0.0/0"], False),
        ("10.1.2.3", [], False),
        ("10.1.2.3", ["", "10.1", "x"], False),
        ("", ["0.0.0.0/0", "::/0"], False),
    ],
)
def test_networks_hold_addresses_of_their_kind(
    address: str, networks: list[str], *, is_within: bool
) -> None:
    assert Peer(address).is_within(networks) is is_within


def test_a_place_is_given_back_once() -> None:
    door = Door(Limits(connections=2, connections_per_peer=1))
    first = door.enter(Peer("10.0.0.1"))
    assert first is not None
    assert door.enter(Peer("10.0.0.1")) is None
    assert door.enter(Peer("10.0.0.2")) is not None
    assert door.enter(Peer("10.0.0.3")) is None

    first.end()
    first.end()

    assert door.inside == 1
    assert door.enter(Peer("10.0.0.1")) is not None
    assert door.enter(Peer("10.0.0.3")) is None


def test_strangers_have_few_places_of_their_own() -> None:
    door = Door(Limits(strangers=2), ["10.0.0.0/8"])
    entered = [door.enter(Peer(f"192.0.2.{number}")) for number in range(4)]
    friend = door.enter(Peer("10.0.0.1"))

    assert [visit and visit.is_stranger for visit in entered] == [True, True, None, None]
    assert friend is not None
    assert not friend.is_stranger


def test_a_flood_of_one_kind_is_one_line_and_its_number(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("apps.intake.listener.sparing.time.monotonic", lambda: now)
    sparing = SparingLog(logging.getLogger("test"), seconds=10)
    for number in range(1000):
        sparing.warning("a", "%s is not allowed", f"10.0.0.{number}")
    sparing.warning("b", "100 %s full", "%")
    now = 111.0
    sparing.warning("a", "%s is not allowed", "10.9.9.9")

    assert [record.getMessage() for record in caplog.records] == [
        "10.0.0.0 is not allowed",
        "100 % full",
        "10.9.9.9 is not allowed (999 more like it before)",
    ]
