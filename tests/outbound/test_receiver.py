"""The receiver, and the contract it shares with the fake peer that delivery is tested with."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from apps.hl7v2.answers import parse_ack
from apps.hl7v2.mllp import Frame, Framer, frame
from apps.outbound.tools.telling import in_words
from tests.fakes.peer import FakePeer, Reply

_ROOT = Path(__file__).resolve().parents[2]
_HEAD = "MSH|^~\\&|ASSIGNMENT_ENGINE|ENTERPRISE|RIS|H|20260204||ORU^R01|%s|P|2.5.1"
_OBR = "OBR|1|P1|F1|CT HEAD^CT HEAD WITHOUT CONTRAST||||||||||||||ACC1"
_ZRA = (
    "ZRA|1|DR_SMITH_ID^Smith^John^DR|MRI_MSK_ROBINA^MRI MSK Robina"
    "|LOAD_BALANCED^Assignment Strategy|20260204120531"
)


def _message(*segments: str, control_id: str = "E1") -> bytes:
    return "\r".join([_HEAD % control_id, *segments, ""]).encode()


Started = Callable[[str], AbstractContextManager[int]]


@contextmanager
def _command(answer: str, port: int = 0) -> Iterator[int]:
    """Run ``manage.py receive_hl7``; its exit code must be 0 after SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "receive_hl7", "--port", str(port), "--answer", answer],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline().rpartition(":")[2])
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


@contextmanager
def _fake(answer: str) -> Iterator[int]:
    with FakePeer(lambda _: Reply("" if answer == "none" else answer)) as peer:
        yield peer.port


def _talk(port: int, sent: bytes, answers: int, pieces: int = 1) -> list[tuple[str, str]]:
    """Send bytes in so many pieces; return code and MSA-2 of so many answers."""
    framer, found = Framer(), []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        step = -(-len(sent) // pieces)
        for start in range(0, len(sent), step):
            wire.sendall(sent[start : start + step])
        while len(found) < answers:
            data = wire.recv(65536)
            assert data, "hung up"
            found += [e.payload for e in framer.feed(data) if isinstance(e, Frame)]
    return [(answer.code, answer.control_id) for answer in map(parse_ack, found)]


@pytest.mark.wire
@pytest.mark.parametrize("peer", [_command, _fake], ids=["receive_hl7", "fake"])
class TestContract:
    @pytest.mark.parametrize("code", ["AA", "AE", "AR"])
    def test_each_message_gets_the_code_and_its_own_control_id(
        self, peer: Started, code: str
    ) -> None:
        sent = b"".join(frame(_message(_OBR, control_id=f"E{n}")) for n in range(3))
        with peer(code) as port:
            assert _talk(port, sent, 3) == [(code, "E0"), (code, "E1"), (code, "E2")]

    def test_a_frame_may_come_in_pieces_with_noise_around(self, peer: Started) -> None:
        sent = b"\x00\n" + frame(_message(_OBR, _ZRA)) + b"\n"
        with peer("AA") as port:
            assert _talk(port, sent, 1, pieces=len(sent)) == [("AA", "E1")]

    def test_it_can_keep_silent(self, peer: Started) -> None:
        with (
            peer("none") as port,
            pytest.raises(TimeoutError),
            socket.create_connection(("127.0.0.1", port), timeout=0.5) as wire,
        ):
            wire.sendall(frame(_message(_OBR)))
            wire.recv(1)


@pytest.mark.wire
def test_a_port_in_use_is_named() -> None:
    with FakePeer() as peer:
        answer = subprocess.run(
            [sys.executable, "manage.py", "receive_hl7", "--port", str(peer.port)],
            cwd=_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert answer.returncode == 1
    assert f"cannot listen on 127.0.0.1:{peer.port} (RIS_PORT)" in answer.stderr


@pytest.mark.parametrize(
    ("segments", "words"),
    [
        pytest.param(
            (_OBR, _ZRA),
            "ACC1 CT HEAD WITHOUT CONTRAST: DR John Smith (DR_SMITH_ID) on MRI MSK Robina, "
            "LOAD_BALANCED",
            id="assigned",
        ),
        pytest.param(
            (_OBR, "ZRA|1|DR_X^X^^DR||RULE^Assignment Strategy|2026"),
            "ACC1 CT HEAD WITHOUT CONTRAST: DR X (DR_X) not on a shift, RULE",
            id="no shift",
        ),
        pytest.param(
            (_OBR, 'ZRA|1|""||cancelled^Unassignment Reason|2026'),
            "ACC1 CT HEAD WITHOUT CONTRAST: nobody (cancelled)",
            id="unassigned",
        ),
        pytest.param((_OBR,), "ORU^R01 ACC1 CT HEAD WITHOUT CONTRAST: no ZRA", id="no ZRA"),
    ],
)
def test_a_message_is_told_in_one_line(segments: tuple[str, ...], words: str) -> None:
    assert in_words(_message(*segments)) == words


def test_what_is_no_hl7_is_told_so() -> None:
    assert in_words(b"hello").startswith("unreadable: ")
