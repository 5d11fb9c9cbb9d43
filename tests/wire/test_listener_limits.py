"""The listener in this process, with limits that a test can wait for and a store that it holds."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
import uvloop

from apps.hl7v2.mllp import Frame, Framer, frame
from apps.intake import metrics
from apps.intake.listener.acceptor import Acceptor
from apps.intake.listener.door import Door, Visit
from apps.intake.listener.limits import Limits
from apps.intake.listener.receipts import Receipt, Written
from apps.intake.listener.server import Listener
from tests.intake.listener.samples import message
from tests.wire.client import codes

pytestmark = pytest.mark.wire


class HeldStore:
    """Stores nothing, and that only while ``gate`` is open."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.taken = 0
        self.held_bytes = 0

    async def write(self, receipts: Sequence[Receipt]) -> list[Written]:
        self.taken += len(receipts)
        await self.gate.wait()
        return [Written(receipt.ack, receipt.ack_code) for receipt in receipts]

    async def wait_ready(self, seconds: float) -> bool:  # noqa: ARG002 -- the interface's
        return True

    async def close(self) -> None:
        pass


class Peer:
    """One connection, asynchronous."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self._framer = Framer()
        self._answers: list[bytes] = []

    async def send(self, *messages: bytes) -> None:
        await self.send_bytes(b"".join(map(frame, messages)))

    async def send_bytes(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> bytes:
        while not self._answers:
            data = await asyncio.wait_for(self._reader.read(65536), 10)
            if not data:
                raise ConnectionError("closed")
            events = self._framer.feed(data)
            self._answers += [event.payload for event in events if isinstance(event, Frame)]
        return self._answers.pop(0)

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def is_closed(self) -> bool:
        try:
            return await asyncio.wait_for(self._reader.read(1), 10) == b""
        except ConnectionError:
            return True


class Scene:
    def __init__(self, listener: Listener, store: HeldStore, port: int) -> None:
        self.listener, self.store, self._port = listener, store, port
        self._peers: list[Peer] = []

    async def peer(self) -> Peer:
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self._port))
        self._peers.append(peer)
        return peer

    async def close(self) -> None:
        for peer in self._peers:
            await peer.close()


@asynccontextmanager
async def listening(limits: Limits) -> AsyncIterator[Scene]:
    store = HeldStore()
    async with Listener([store], limits=limits) as listener:
        scene = Scene(listener, store, listener.listen("127.0.0.1", 0))
        try:
            yield scene
        finally:
            store.gate.set()
            await scene.close()


def play(limits: Limits, scenario: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        async with listening(limits) as scene:
            await asyncio.wait_for(scenario(scene), 30)

    asyncio.run(run())


def faults(kind: str) -> float:
    return metrics.FRAME_FAULTS.labels(kind)._value.get()


def test_a_frame_that_is_not_finished_in_time_is_refused_counted_and_closed() -> None:
    async def scenario(scene: Scene) -> None:
        slow, quick = await scene.peer(), await scene.peer()
        await slow.send_bytes(b"\x0bMSH|^~")

        assert codes([await slow.answer()]) == [("AR", "")]
        assert await slow.is_closed()
        await quick.send(message("1"))
        assert codes([await quick.answer()]) == [("AA", "1")]

    before = faults("late")
    play(Limits(frame_seconds=0.2), scenario)
    assert faults("late") == before + 1


def test_a_peer_that_drips_is_as_late_as_one_that_is_silent() -> None:
    async def scenario(scene: Scene) -> None:
        peer = await scene.peer()
        dripping = asyncio.create_task(drip(peer))

        assert codes([await peer.answer()]) == [("AR", "")]
        dripping.cancel()

    async def drip(peer: Peer) -> None:
        await peer.send_bytes(b"\x0b")
        while True:
            await peer.send_bytes(b"M")
            await asyncio.sleep(0.05)

    play(Limits(frame_seconds=0.5), scenario)


def test_silence_between_frames_has_no_limit() -> None:
    async def scenario(scene: Scene) -> None:
        peer = await scene.peer()
        await peer.send(message("1"))
        await peer.answer()
        await asyncio.sleep(1.5)
        await peer.send(message("2"))

        assert codes([await peer.answer()]) == [("AA", "2")]

    play(Limits(frame_seconds=0.2, stall_seconds=0.2), scenario)


def test_the_late_refusal_comes_behind_the_answers_under_way() -> None:
    async def scenario(scene: Scene) -> None:
        scene.store.gate.clear()
        peer = await scene.peer()
        await peer.send_bytes(frame(message("1")) + b"\x0bMSH|")
        await asyncio.sleep(1.5)
        scene.store.gate.set()

        assert codes([await peer.answer(), await peer.answer()]) == [("AA", "1"), ("AR", "")]
        assert await peer.is_closed()

    play(Limits(frame_seconds=0.2), scenario)


def test_bytes_that_never_begin_a_frame_close_the_connection() -> None:
    async def scenario(scene: Scene) -> None:
        peer = await scene.peer()
        await peer.send_bytes(b"GET / HTTP/1.1\r\n" * 100)

        assert await peer.is_closed()

    before = faults("garbage")
    play(Limits(frame_bytes=1000), scenario)
    assert faults("garbage") == before + 1


def test_messages_without_an_answer_yet_pause_reading() -> None:
    async def scenario(scene: Scene) -> None:
        scene.store.gate.clear()
        peer = await scene.peer()
        sending = asyncio.create_task(peer.send(*[message(str(n)) for n in range(2000)]))
        await asyncio.sleep(0.3)
        under_way = len(scene.listener._connections.copy().pop()._pending)
        # One read may bring more than the limit, but not two.
        assert under_way <= 10 + Limits().read_bytes // len(frame(message("1")))
        scene.store.gate.set()

        answers = [await peer.answer() for _ in range(2000)]
        assert codes(answers) == [("AA", str(number)) for number in range(2000)]
        await sending

    play(Limits(pending_messages=10), scenario)


def test_many_half_sent_large_frames_stay_within_the_budget_and_all_arrive() -> None:
    size, peers = 300_000, 20
    limits = Limits(budget_bytes=1_000_000, read_bytes=16_384, free_bytes=1_000)
    most = 0

    async def scenario(scene: Scene) -> None:
        nonlocal most
        senders = [await scene.peer() for _ in range(peers)]
        small = await scene.peer()
        body = message("1") + b"NTE|1||" + b"x" * size + b"\r"
        sending = [asyncio.create_task(peer.send(body)) for peer in senders]
        answers = [asyncio.create_task(peer.answer()) for peer in senders]
        while not all(task.done() for task in answers):
            most = max(most, scene.listener.budget.used)
            await small.send(message("2"))
            assert codes([await small.answer()]) == [("AA", "2")]
            await asyncio.sleep(0)
        assert codes([task.result() for task in answers]) == [("AA", "1")] * peers
        await asyncio.gather(*sending)
        assert scene.listener.budget.used == 0

    play(limits, scenario)

    assert 0 < most <= limits.budget_bytes + size + (peers + 1) * limits.read_bytes


def test_a_peer_that_does_not_read_its_answers_is_cut_off() -> None:
    async def scenario(scene: Scene) -> None:
        peer = await scene.peer()
        transport = peer.writer.transport
        transport.pause_reading()
        flood = b"".join(frame(message(str(n), kind="SIU^S12")) for n in range(500))
        with pytest.raises(ConnectionError):
            while True:
                await peer.send_bytes(flood)

    before = faults("stalled")
    play(Limits(stall_seconds=0.3), scenario)
    assert faults("stalled") == before + 1


def test_more_connections_than_allowed_are_turned_away_and_the_others_served() -> None:
    async def scenario(scene: Scene) -> None:
        first, second = await scene.peer(), await scene.peer()
        third = await scene.peer()

        assert await third.is_closed()
        for peer in (first, second):
            await peer.send(message("1"))
            assert codes([await peer.answer()]) == [("AA", "1")]

    play(Limits(connections=2), scenario)


def test_all_who_wait_are_accepted_in_one_turn_however_long_turns_are() -> None:
    """A loop that is busy with a thousand peers has long turns; nobody may wait for many."""
    made: list[asyncio.Protocol] = []

    def make(_visit: Visit) -> asyncio.Protocol:
        made.append(asyncio.Protocol())
        return made[-1]

    async def scenario() -> None:
        limits = Limits(backlog=128)
        acceptor = Acceptor("127.0.0.1", 0, door=Door(limits), limits=limits, make_protocol=make)
        peers = [socket.create_connection(("127.0.0.1", acceptor.port)) for _ in range(100)]
        for _ in range(5):
            await asyncio.sleep(0)
        acceptor.close()
        for peer in peers:
            peer.close()
        await asyncio.sleep(0.1)

    uvloop.run(scenario())

    assert len(made) == 100


def test_stopping_answers_what_was_received_and_takes_no_more() -> None:
    async def scenario() -> list[bytes]:
        store = HeldStore()
        store.gate.clear()
        async with Listener([store]) as listener:
            port = listener.listen("127.0.0.1", 0)
            peer = Peer(*await asyncio.open_connection("127.0.0.1", port))
            idle = Peer(*await asyncio.open_connection("127.0.0.1", port))
            await peer.send(message("1"), message("2"))
            while not store.taken:
                await asyncio.sleep(0.01)
            asyncio.get_running_loop().call_later(0.2, store.gate.set)
        assert await idle.is_closed()
        answers = [await peer.answer(), await peer.answer()]
        assert await peer.is_closed()
        await peer.close()
        await idle.close()
        with pytest.raises(OSError, match=r"refused|failed"):
            await asyncio.open_connection("127.0.0.1", port)
        return answers

    assert codes(asyncio.run(scenario())) == [("AA", "1"), ("AA", "2")]


def test_a_message_that_we_fail_to_read_is_kept_and_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario(scene: Scene) -> None:
        def fail(*_arguments: object) -> None:
            raise RuntimeError

        peer = await scene.peer()
        monkeypatch.setattr(scene.listener.reception, "receive", fail)
        await peer.send(message("1"))
        assert codes([await peer.answer()]) == [("AE", "")]
        monkeypatch.undo()
        await peer.send(message("2"))
        assert codes([await peer.answer()]) == [("AA", "2")]
        assert scene.store.taken == 2

    play(Limits(), scenario)


def test_every_answer_is_counted_by_its_code() -> None:
    def counted(code: str) -> float:
        return metrics.MESSAGES_RECEIVED.labels(code)._value.get()

    async def scenario(scene: Scene) -> None:
        peer = await scene.peer()
        await peer.send(
            message("1"), message("1"), b"", message("2", kind="ACK", segments=("MSA|AA|1",)),
            message("3", modes=("AL", "NE")),
        )  # fmt: skip
        for _ in range(4):
            await peer.answer()
        assert metrics.CONNECTIONS._value.get() == connections + 1

    before = [counted(code) for code in ("AA", "AE", "none", "CA")]
    connections = metrics.CONNECTIONS._value.get()
    play(Limits(), scenario)
    after = [counted(code) for code in ("AA", "AE", "none", "CA")]
    assert [new - old for old, new in zip(before, after, strict=True)] == [2, 1, 1, 1]
    assert metrics.CONNECTIONS._value.get() == connections
