from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.fakes.peer import FakePeer, Reply

pytestmark = pytest.mark.wire

_ORDER = b"MSH|^~\\&|A|B|||1||ORM^O01|C1|P|2.4\rORC|NW|P1\r"
_OTHER = _ORDER.replace(b"C1", b"C2")


@pytest.fixture
def order_file(tmp_path: Path) -> str:
    path = tmp_path / "order.hl7"
    path.write_bytes(_ORDER)
    return str(path)


def _send(*arguments: str, port: int) -> str:
    output = io.StringIO()
    call_command("send_hl7", *arguments, "--port", str(port), stdout=output)
    return re.sub(r"[\d.]+ ms", "… ms", output.getvalue())


def test_an_acknowledgement_is_printed_with_code_control_id_and_text(order_file: str) -> None:
    with FakePeer(lambda _: Reply("AA", text="Message received")) as peer:
        assert _send(order_file, port=peer.port) == "AA  C1  Message received  … ms\n"
        assert [message.payload for message in peer.received] == [_ORDER]


def test_what_was_not_accepted_ends_with_1(
    order_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakePeer(lambda _: Reply("AE")) as peer, pytest.raises(SystemExit) as ended:
        call_command("send_hl7", order_file, "--port", str(peer.port))
    assert ended.value.code == 1
    assert capsys.readouterr().out.startswith("AE  C1  ")


def test_repeats_are_the_same_bytes_and_are_summed_up(order_file: str) -> None:
    with FakePeer() as peer:
        lines = _send(order_file, "--repeat", "3", port=peer.port).splitlines()
        assert [message.payload for message in peer.received] == [_ORDER] * 3
    assert lines[:3] == ["AA  C1  … ms"] * 3
    assert re.fullmatch(r"3 messages: 3 AA; [\d,]+/s; p50 … ms, p99 … ms", lines[3])


def test_fresh_repeats_are_orders_of_their_own(order_file: str) -> None:
    with FakePeer() as peer:
        _send(order_file, "--repeat", "20", "--fresh", "--quiet", port=peer.port)
        control_ids = peer.control_ids
    assert len(set(control_ids)) == 20
    assert all(control_id.startswith("C1-") for control_id in control_ids)


def test_several_connections_share_the_messages(order_file: str) -> None:
    with FakePeer(lambda _: Reply(delay=0.02)) as peer:
        _send(order_file, "--repeat", "20", "--connections", "4", port=peer.port)
        assert (len(peer.received), peer.connections) == (20, 4)


def test_a_rate_is_kept(order_file: str) -> None:
    with FakePeer() as peer:
        summary = _send(order_file, "--repeat", "11", "--rate", "50", "--quiet", port=peer.port)
    rate = re.search(r"; (\d+)/s", summary)
    assert rate
    assert int(rate[1]) <= 55


def test_a_peers_text_cannot_steer_the_terminal(order_file: str) -> None:
    with FakePeer(lambda _: Reply("AA", text="\x1b[2Jgone")) as peer:
        assert _send(order_file, port=peer.port) == "AA  C1  ␛[2Jgone  … ms\n"


def test_standard_input_is_a_file_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(_ORDER + _OTHER)))
    with FakePeer() as peer:
        _send("-", port=peer.port)
        assert peer.control_ids == ["C1", "C2"]


def test_a_listener_that_is_away_is_named(order_file: str) -> None:
    with FakePeer() as peer:
        port = peer.port
    with pytest.raises(CommandError, match=f"no HL7 listener answers at 127.0.0.1:{port}"):
        call_command("send_hl7", order_file, "--port", str(port))


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match=r"nowhere\.hl7: No such file"):
        call_command("send_hl7", "nowhere.hl7")
