"""Known attacks on a real listener: each is answered or hung up on, and nobody else notices."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.intake.listener.samples import message
from tests.wire.client import Sender, codes
from tests.wire.decider import deciding
from tests.wire.fuzz import oracle
from tests.wire.fuzz.attacks import ATTACKS, CAP, Attack, framed, order
from tests.wire.fuzz.probe import Probe
from tests.wire.fuzz.run import resident_bytes
from tests.wire.fuzz.scene import failed, wait_until_decided
from tests.wire.stack import ROOT, ListenerProcess, Stack

pytestmark = pytest.mark.wire

# The promise is a second; a machine that does three other things at once gets a little longer.
_SECONDS = 10.0
_GROWTH_BYTES = 50 * 1024 * 1024


@pytest.fixture(scope="module")
def attacked(stack: Stack) -> Iterator[ListenerProcess]:
    """One listener and one decider for all attacks: what one leaves behind the next one meets."""
    stack.start_postgres()
    with stack.listener() as process, deciding(stack):
        yield process


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_answered_or_hung_up_on_and_a_good_order_behind_it_is_taken(
    attacked: ListenerProcess, name: str
) -> None:
    attack, wire = ATTACKS[name], ATTACKS[name].wire()
    bystander = Probe(attacked.port, f"BY{number_of(name)}-", pause_seconds=0.005)
    with Sender(attacked.port) as sender:
        bystander.start()
        behind = hit(attack, sender, wire, message(f"G{number_of(name)}", facility="GOOD"))
        beside = max(bystander.finish())

    print(f"\n{name[:60]}: behind {behind * 1000:.0f} ms, beside {beside * 1000:.0f} ms")  # noqa: T201 -- the figures
    assert max(behind, beside) < _SECONDS


def hit(attack: Attack, sender: Sender, wire: bytes, behind: bytes) -> float:
    """Send an attack and a good order behind it, compare the answers; return the seconds."""
    if attack.is_closed:
        begun = time.perf_counter()
        with contextlib.suppress(ConnectionError):  # hung up before it has sent everything
            sender.wire.sendall(wire)
        assert sender.is_closed()
        return time.perf_counter() - begun
    sender.wire.sendall(wire)
    begun = time.perf_counter()
    sender.send(behind)
    heard: list[oracle.Answer] = []
    while not heard or heard[-1].control_id != fields_of(behind)[9].encode():
        heard += oracle.read_answers(sender.answer())
    seconds = time.perf_counter() - begun
    assert tuple(answer.code for answer in heard) == (*attack.codes, "AA")
    return seconds


def number_of(name: str) -> int:
    return list(ATTACKS).index(name)


def fields_of(raw: bytes) -> list[str]:
    return raw.split(b"\r")[0].decode("latin-1").split("|")


def test_everything_that_the_attacks_left_is_decided_and_nothing_of_it_raises(
    stack: Stack, attacked: ListenerProcess
) -> None:
    with Sender(attacked.port) as sender:
        sender.exchange(order(control_id=b"LAST"))

    print(f"\ndecided {wait_until_decided(stack, 120):.1f} s later")  # noqa: T201 -- the figure
    assert failed(stack) == []


def test_large_frames_one_after_another_leave_the_memory_as_it_was(stack: Stack) -> None:
    stack.start_postgres()
    with stack.listener() as process, Sender(process.port) as sender:
        big = framed(order(b"NTE|1||" + b"x" * (CAP - 400)))
        for _ in range(2):
            send_all(sender, [big])
        before = resident_bytes(process.process.pid)
        for _ in range(6):
            send_all(sender, [big, framed(b"x" * (CAP + 1))])
        grown = resident_bytes(process.process.pid) - before

    print(f"\n{grown / 1048576:.1f} MiB after 120 MiB of frames at the cap")  # noqa: T201 -- the figure
    assert grown < _GROWTH_BYTES


def send_all(sender: Sender, frames: list[bytes]) -> None:
    for wire in frames:
        sender.wire.sendall(wire)
        sender.answer()


_IMPATIENT = """
import django, uvloop
django.setup()
from apps.intake.listener.limits import Limits
from apps.intake.listener.service import Transport, serve
limits = Limits(frame_seconds=1, stall_seconds=1)
uvloop.run(serve(
    Transport(("127.0.0.1", 0), limits=limits),
    on_listening=lambda _what, _host, port: print(port, flush=True),
))
"""


@pytest.fixture(scope="module")
def impatient(stack: Stack) -> Iterator[int]:
    """Run a listener whose patience a test can wait for; yield its port."""
    stack.start_postgres()
    environment = stack.environment() | {"DJANGO_SETTINGS_MODULE": "radassign.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", _IMPATIENT],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


def drip(wire: Sender, pieces: Iterator[bytes], pause_seconds: float) -> None:
    """Send until the listener hangs up; fail where it has not after ten seconds."""
    until = time.monotonic() + _SECONDS
    try:
        while time.monotonic() < until:
            wire.wire.sendall(next(pieces))
            time.sleep(pause_seconds)
    except ConnectionError:
        return
    pytest.fail("it is still listened to")


def endless(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


@pytest.mark.parametrize(
    ("piece", "pause_seconds"),
    [(b"M", 0.05), (b"x" * 20_000, 0.01), (b"\x1c", 0.05), (b"PID|1\r", 0.02)],
    ids=["a byte at a time", "a flood", "half of an end", "segment by segment"],
)
def test_frame_that_never_ends_is_refused_in_time_and_disturbs_nobody(
    impatient: int, piece: bytes, pause_seconds: float
) -> None:
    with Sender(impatient) as slow:
        probe = Probe(impatient, f"SLOW{piece[:1].hex()}")
        probe.start()
        slow.wire.sendall(b"\x0bMSH|^~\\&|EVIL|")
        drip(slow, endless(piece), pause_seconds)
        assert max(probe.finish()) < _SECONDS


def test_hundred_slow_peers_are_all_told_and_the_good_one_is_served(impatient: int) -> None:
    probe = Probe(impatient, "CROWD")
    probe.start()
    slow = [Sender(impatient) for _ in range(100)]
    for peer in slow:
        peer.wire.sendall(b"\x0bMSH|^~")

    assert [codes([peer.answer()]) for peer in slow] == [[("AR", "")]] * 100
    assert all(peer.is_closed() for peer in slow)
    for peer in slow:
        peer.wire.close()
    assert max(probe.finish()) < _SECONDS
