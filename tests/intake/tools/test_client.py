from __future__ import annotations

import pytest

from apps.hl7v2.answers import Answer
from apps.intake.tools.client import Exchange, MllpClient, NoListenerError
from tests.fakes.peer import ACCEPT, HANG_UP, SILENCE, FakePeer, Reply, by_turns

pytestmark = pytest.mark.wire

_ORIGINAL = b"MSH|^~\\&|A|B|||1||ORM^O01|%b|P|2.4\rORC|NW|P1\r"
_ENHANCED = b"MSH|^~\\&|A|B|||1||ORM^O01|C1|P|2.4|||%b|%b\rORC|NW|P1\r"


def _order(control_id: bytes = b"C1") -> bytes:
    return _ORIGINAL % control_id


def _exchange(peer: FakePeer, payload: bytes, timeout: float = 10.0) -> Exchange:
    with MllpClient("127.0.0.1", peer.port, timeout=timeout) as client:
        return client.exchange(payload)


def test_an_answer_is_read_with_its_text() -> None:
    with FakePeer(lambda _: Reply("AE", text="no PID")) as peer:
        exchange = _exchange(peer, _order())
    assert exchange.answers == (Answer("AE", "C1", "no PID"),)
    assert not exchange.is_accepted


def test_one_connection_carries_many_messages() -> None:
    with FakePeer() as peer, MllpClient("127.0.0.1", peer.port) as client:
        assert all(client.exchange(_order(b"C%d" % n)).is_accepted for n in range(3))
        assert (peer.control_ids, peer.connections) == (["C0", "C1", "C2"], 1)


def test_a_late_answer_is_never_taken_for_the_next_messages() -> None:
    script = by_turns(Reply("AE", delay=0.6), ACCEPT)
    with FakePeer(script) as peer, MllpClient("127.0.0.1", peer.port, timeout=0.2) as client:
        assert client.exchange(_order(b"C1")).is_silent
        client._timeout = 5.0
        assert client.exchange(_order(b"C2")).answers == (Answer("AA", "C2", ""),)


@pytest.mark.parametrize("reply", [SILENCE, HANG_UP], ids=["silence", "hang-up"])
def test_no_answer_is_said_to_be_none(reply: Reply) -> None:
    with FakePeer(lambda _: reply) as peer:
        exchange = _exchange(peer, _order(), timeout=0.2)
    assert (exchange.is_silent, exchange.answers, exchange.is_accepted) == (True, (), False)


def test_enhanced_mode_waits_for_both_answers() -> None:
    both = Reply("CA", then=Reply("AA", delay=0.1))
    with FakePeer(lambda _: both) as peer:
        exchange = _exchange(peer, _ENHANCED % (b"AL", b"AL"))
    assert [answer.code for answer in exchange.answers] == ["CA", "AA"]


def test_a_sender_that_wants_no_answer_takes_silence_for_success() -> None:
    with FakePeer(lambda _: SILENCE) as peer:
        exchange = _exchange(peer, _ENHANCED % (b"NE", b"NE"))
    assert (exchange.is_accepted, exchange.answers) == (True, ())


def test_a_sender_that_wants_errors_only_hears_of_an_error() -> None:
    with FakePeer(lambda _: Reply("AE")) as peer:
        exchange = _exchange(peer, _ENHANCED % (b"NE", b"ER"))
    assert not exchange.is_accepted


def test_nobody_listening_is_named_with_the_address() -> None:
    with FakePeer() as peer:
        port = peer.port
    with pytest.raises(NoListenerError, match=f"127.0.0.1:{port}: Connection refused"):
        MllpClient("127.0.0.1", port).exchange(_order())
