"""Both ends of the pipe in one process, so that one clock times an order's whole way.

Senders and the destination share an event loop; orders are built beforehand and the answers
are not parsed, because every microsecond spent here is missing on the other side.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

_START, _END = b"\x0b", b"\x1c\x0d"
_WORK = (
    ("MR", "KNEE"), ("MR", "BRAIN"), ("MR", "SPINE"), ("CT", "CHEST"), ("CT", "ABDOMEN"),
    ("CT", "BRAIN"), ("DX", "CHEST"), ("DX", "KNEE"), ("DX", "SHOULDER"), ("US", "ABDOMEN"),
    ("US", "PELVIS"), ("MG", "BREAST"), ("NM", "BONE"), ("XA", "LEG"),
)  # fmt: skip
_PRIORITIES = ("R", "R", "R", "R", "R", "R", "R", "A", "A", "S")
_SITES = 25
_PATIENTS = 5000
_ORDER = (
    "MSH|^~\\&|RIS|{site}|ASSIGNMENT_ENGINE|ENTERPRISE|20260204120530||ORM^O01|{id}|P|2.4\r"
    "PID|1||MRN{patient}^^^{site}||Doe^John{patient}||19800115|M\r"
    "PV1|1|O\r"
    "ORC|NW|P{id}|F{id}||||||20260204120000\r"
    "OBR|1|P{id}|F{id}|{modality} {part}^{modality} {part}|||20260204120000||||||"
    "follow-up of a known lesion|||2041^Okafor^Ngozi||{id}||||||{modality}|||1^^^^^{priority}\r"
    "OBX|1|TX|Indication^Clinical Indication||Patient with pain for three weeks\r"
)
_ids = itertools.count(1)
_STEM = f"B{os.getpid():X}-"


def orders(count: int) -> list[tuple[bytes, bytes]]:
    """Return accessions and framed orders: other sites, work and urgencies each time."""
    made = []
    for number in itertools.islice(_ids, count):
        modality, part = _WORK[number % len(_WORK)]
        identity = f"{_STEM}{number:07d}"
        text = _ORDER.format(
            id=identity,
            site=f"SITE{number % _SITES:02}",
            patient=number % _PATIENTS,
            modality=modality,
            part=part,
            priority=_PRIORITIES[number % len(_PRIORITIES)],
        )
        made.append((identity.encode(), _START + text.encode() + _END))
    return made


@dataclass
class Journal:
    """When each order was due, answered and delivered, by accession.

    ``repeats`` are messages that came again, known by their control id (MSH-10). ``news`` are
    further messages of an order that was told of before, such as a STAT order that goes to the
    next reader because nobody acknowledged it.
    """

    due: dict[bytes, float] = field(default_factory=dict)
    delivered: dict[bytes, float] = field(default_factory=dict)
    answer_seconds: list[float] = field(default_factory=list)
    answered: int = 0
    refused: int = 0
    repeats: int = 0
    news: int = 0
    total_received: int = 0
    _control_ids: set[bytes] = field(default_factory=set)

    def arrived(self, accession: bytes, control_id: bytes) -> None:
        """Note a message at the destination."""
        self.total_received += 1
        if control_id in self._control_ids:
            self.repeats += 1
            return
        self._control_ids.add(control_id)
        if accession in self.delivered:
            self.news += 1
        else:
            self.delivered[accession] = time.perf_counter()

    def latencies(self, accessions: Sequence[bytes]) -> list[float]:
        """Return the seconds from due to delivered, sorted; what never came is left out."""
        return sorted(
            self.delivered[accession] - self.due[accession]
            for accession in accessions
            if accession in self.delivered
        )


class Destination(asyncio.Protocol):
    """The RIS that is told: takes every message, answers at once."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every message that is complete."""
        *blocks, self._buffer = (self._buffer + data).split(_END)
        for block in blocks:
            self._take(block)

    def _take(self, block: bytes) -> None:
        control_id = block.split(b"|", 10)[9]
        start = block.index(b"\rOBR|") + 1
        obr = block[start : block.index(b"\r", start)].split(b"|")
        self._journal.arrived(obr[18] if len(obr) > 18 else obr[3], control_id)
        self._transport.write(
            b"\x0bMSH|^~\\&|RIS|H|ASSIGNMENT_ENGINE|ENTERPRISE|20260204||ACK|1|P|2.5.1\r"
            b"MSA|AA|%b\r\x1c\r" % control_id
        )


class Sender(asyncio.Protocol):
    """One connection to the listener; counts the answers and times them in order."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._buffer = b""
        self._sent: list[float] = []
        self._next = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def send(self, block: bytes) -> None:
        """Send an order, whatever is still unanswered."""
        self._sent.append(time.perf_counter())
        self._transport.write(block)

    def data_received(self, data: bytes) -> None:
        """Count the answers."""
        *answers, self._buffer = (self._buffer + data).split(_END)
        now = time.perf_counter()
        for answer in answers:
            self._journal.answer_seconds.append(now - self._sent[self._next])
            self._next += 1
            self._journal.answered += 1
            self._journal.refused += b"MSA|AA|" not in answer

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


async def listen(journal: Journal, port: int) -> asyncio.Server:
    """Be the destination."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Destination(journal), "127.0.0.1", port)


async def connect(journal: Journal, port: int, count: int) -> list[Sender]:
    """Open connections to the listener."""
    loop = asyncio.get_running_loop()
    senders = []
    for _ in range(count):
        _, sender = await loop.create_connection(lambda: Sender(journal), "127.0.0.1", port)
        senders.append(sender)
    return senders


async def until(journal: Journal, accessions: Sequence[bytes], seconds: float) -> int:
    """Wait until all were delivered, or nothing came for so long; return how many are missing."""
    moved, seen = time.perf_counter(), -1
    while missing := sum(1 for accession in accessions if accession not in journal.delivered):
        if missing != seen:
            moved, seen = time.perf_counter(), missing
        if time.perf_counter() - moved > seconds:
            return missing
        await asyncio.sleep(0.05)
    return 0
