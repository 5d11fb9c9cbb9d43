"""Sends mutated frames over many connections at once, and checks every answer as it comes.

Behind each piece of wire goes a *good* message with an id of its own. A 0x0B always begins a new
block, so the good one is well-framed whatever stood before it, and its answer tells where the
answers to the bad one end. One more connection sends good orders one by one meanwhile and
measures how long each waits for its AA.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.wire.fuzz import mutations, oracle
from tests.wire.fuzz.probe import Probe, good_message

CONNECTIONS = 20
# With many more under way a good order would wait for its turn, and not for the bad ones.
_WINDOW = 12
_SILENCE_SECONDS = 60.0
_END = b"\x1c\r"
_REMEMBERED = 50
_GOOD_ORDER_EVERY = 25


@dataclass
class Report:
    """What a run sent and heard."""

    seed: int
    frames: int = 0
    well_framed: int = 0
    messages: int = 0
    good: int = 0
    heard: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    seconds: float = 0.0
    rss_before: int = 0
    rss_after: int = 0
    rss_peak: int = 0
    latencies: list[float] = field(default_factory=list)
    stored: set[str] = field(default_factory=set)
    """MD5 of every content that must stand in a row as it came."""

    @property
    def growth_mib(self) -> float:
        """Return by how much the listener's memory grew."""
        return (self.rss_after - self.rss_before) / 1024 / 1024

    def __str__(self) -> str:
        waits = sorted(self.latencies) or [0.0]
        per_second = (self.frames + self.good) / max(self.seconds, 0.001)
        return (
            f"seed {self.seed}: {self.frames} mutated frames and {self.good} good ones in"
            f" {self.seconds:.1f} s ({per_second:.0f}/s); {self.well_framed} well-framed,"
            f" {sum(self.heard.values())} answers {dict(sorted(self.heard.items()))},"
            f" {self.unanswered} not to be answered\n"
            f"listener {self.rss_before / 1048576:.1f} -> {self.rss_after / 1048576:.1f} MiB"
            f" (peak {self.rss_peak / 1048576:.1f}); a good order waited"
            f" {waits[len(waits) // 2] * 1000:.1f} ms at the median,"
            f" {waits[int(len(waits) * 0.99)] * 1000:.1f} ms at the 99th percentile,"
            f" {waits[-1] * 1000:.1f} ms at most ({len(waits)} measured)"
        )


@dataclass
class _Sent:
    """One piece of wire and the good message behind it."""

    contents: list[bytes]
    good_id: bytes


class _Connection:
    """One peer: mutated frames out, answers in, compared in their order."""

    def __init__(self, number: int, seeds: list[bytes], frames: int, report: Report) -> None:
        self._number = number
        self._rng = Random(f"{report.seed}/{number}")  # noqa: S311 -- to be repeated, not to be secret
        self._seeds = seeds
        self._frames = frames
        self._report = report
        self._under_way: deque[_Sent] = deque()
        self._room = asyncio.Semaphore(_WINDOW)
        self._earlier: deque[bytes] = deque([b""], _REMEMBERED)

    async def run(self, port: int) -> None:
        """Send everything and hear all of it.

        Raises:
            WrongAnswerError: some answer is wrong, missing or out of order.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
        wire = writer.get_extra_info("socket")
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sending = asyncio.create_task(self._send(writer))
        try:
            await self._listen(reader)
            await sending
        finally:
            sending.cancel()
            writer.close()

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        rng, report = self._rng, self._report
        for place in range(self._frames):
            await self._room.acquire()
            number = self._number * 10_000_000 + place
            content = mutations.bend(rng, self._seeds, number)
            wire = mutations.on_the_wire(rng, content, rng.choice(self._earlier))
            self._earlier.append(mutations.START + content[:2048] + mutations.END)
            good_id = b"GOOD%d" % number
            good = good_message(good_id, is_order=place % _GOOD_ORDER_EVERY == 0)
            wire += mutations.START + good + mutations.END
            contents = oracle.blocks(wire)
            assert contents[-1] == good, "the good message is always well-framed"
            self._under_way.append(_Sent(contents[:-1], good_id))
            report.frames += 1
            for piece in mutations.chunks(rng, wire):
                writer.write(piece)
                await writer.drain()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        heard: list[oracle.Answer] = []
        for _ in range(self._frames):
            while True:
                answers = await self._next(reader)
                if answers[0].control_id == (good_id := self._under_way[0].good_id):
                    break
                heard += answers
            if answers != [oracle.Answer("AA", good_id)]:
                raise oracle.WrongAnswerError(f"{answers} to a good message")
            self._settle(self._under_way.popleft(), heard)
            heard = []
            self._room.release()

    async def _next(self, reader: asyncio.StreamReader) -> list[oracle.Answer]:
        async with asyncio.timeout(_SILENCE_SECONDS):
            block = await reader.readuntil(_END)
        if not block.startswith(mutations.START):
            raise oracle.WrongAnswerError(f"not a block: {block[:80]!r}")
        answers = oracle.read_answers(block[1:-2])
        # An empty batch is answered by an empty batch, which says nothing of any message.
        return answers or [oracle.Answer("AA", b"")]

    def _settle(self, sent: _Sent, heard: Sequence[oracle.Answer]) -> None:
        """Compare the answers to the blocks of one piece of wire."""
        report = self._report
        report.well_framed += len(sent.contents)
        report.good += 1
        report.stored.update(map(_digest, filter(oracle.is_stored_whole, sent.contents)))
        report.heard.update(answer.code for answer in heard)
        report.heard["AA"] += 1
        rest = list(heard)
        for place, content in enumerate(sent.contents):
            wanted = oracle.expected(content)
            report.messages += len(wanted)
            least, most = sum(one.least for one in wanted), sum(one.most for one in wanted)
            is_last = place == len(sent.contents) - 1
            # Of several blocks in one piece, what is left over must be the last one's.
            count = len(rest) if is_last else least if least == most else None
            if count is None:
                self._check_loosely(sent, heard)
                return
            mine, rest = rest[:count], rest[count:]
            oracle.check(content, mine)
            report.unanswered += not mine
        if rest:
            raise oracle.WrongAnswerError(f"{rest} to nothing: {sent.contents!r}")

    @staticmethod
    def _check_loosely(sent: _Sent, heard: Sequence[oracle.Answer]) -> None:
        wanted = [one for content in sent.contents for one in oracle.expected(content)]
        if not sum(one.least for one in wanted) <= len(heard) <= sum(one.most for one in wanted):
            raise oracle.WrongAnswerError(f"{len(heard)} answers to {sent.contents!r}")


def _digest(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


async def _fuzz(
    port: int, pid: int, seeds: list[bytes], report: Report, shares: Sequence[int]
) -> None:
    report.rss_before = resident_bytes(pid)
    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number, frames in enumerate(shares):
            group.create_task(_Connection(number, seeds, frames, report).run(port))
    report.seconds = time.monotonic() - begun
    report.rss_after = resident_bytes(pid)
    report.rss_peak = resident_bytes(pid, "VmHWM")


def fuzz(
    port: int,
    pid: int,
    *,
    frames: int,
    seed: int,
    seeds: list[bytes],
    connections: int = CONNECTIONS,
) -> Report:
    """Send so many mutated frames to a listener and check every answer.

    Args:
        port: where it listens.
        pid: its process, whose memory is looked at.
        frames: how many, over all connections.
        seed: of everything that is random.
        seeds: the messages to mutate.
        connections: how many peers.

    Raises:
        WrongAnswerError: some answer is wrong, missing or out of order.
        TimeoutError: no answer came for a minute.
    """
    report = Report(seed)
    share, rest = divmod(frames, connections)
    shares = [share + (number < rest) for number in range(connections)]
    probe = Probe(port, f"PROBE{seed}-")
    probe.start()
    try:
        asyncio.run(_fuzz(port, pid, seeds, report, shares))
    finally:
        report.latencies = probe.finish()
    return report


def resident_bytes(pid: int, line: str = "VmRSS") -> int:
    """Return what a process holds in memory, or with ``VmHWM`` ever held."""
    for row in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if row.startswith(line):
            return int(row.split()[1]) * 1024
    raise LookupError(os.strerror(3))
