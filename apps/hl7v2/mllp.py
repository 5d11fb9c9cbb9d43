"""MLLP framing without a socket: bytes in, events out.

A block is ``0x0B``, content, ``0x1C 0x0D``. Only the pair ends a block: a lone ``0x1C`` is
content, and so are CR and LF. TCP keeps no boundaries, so the pair may arrive in two packets and
still ends the block; a ``0x1C`` at the end of a packet therefore waits for the next byte before
it counts as content. A ``0x0B`` can never be content: it cuts off a block that is still open
and begins a new one. What lies between blocks (NUL, LF, text of a logger) is noise: skipped,
counted, never read.

Every byte is looked at a bounded number of times and kept at most once, so a block that comes
byte by byte costs the same as one that comes whole. Source: HL7 MLLP Release 1; spec 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

START = b"\x0b"
END = b"\x1c\x0d"
DEFAULT_MAX_BYTES = 10 * 1024 * 1024
_FALSE_FRAMING = re.compile(rb"\x0b|\x1c+(?=\r)")
HEAD_BYTES = 4096
"""How much of an oversize block is handed on: enough for its MSH, so that it can be refused."""


class NoiseReason(StrEnum):
    """Why bytes were skipped."""

    BETWEEN_FRAMES = "between_frames"
    OVERSIZE_REST = "oversize_rest"


@dataclass(frozen=True, slots=True)
class Frame:
    """A complete block, without its framing bytes."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class CutFrame:
    """A block that a new 0x0B cut off after ``size`` bytes; it is lost and never answered."""

    size: int


@dataclass(frozen=True, slots=True)
class OversizeFrame:
    """A block that has just passed the cap; ``head`` is its beginning, the rest is dropped."""

    head: bytes


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that belong to no block that is read."""

    size: int
    reason: NoiseReason = NoiseReason.BETWEEN_FRAMES


@dataclass(frozen=True, slots=True)
class Garbage:
    """More than the cap arrived since the last 0x0B-block; the peer does not speak MLLP."""

    size: int


Event = Frame | CutFrame | OversizeFrame | Noise | Garbage


class _Chunk:
    """The bytes of one read and where the next framing bytes lie; each is searched for once."""

    __slots__ = ("_end", "_start", "data", "size")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self._start = -1
        self._end = -1

    def next_start(self, position: int) -> int:
        """Return where the next 0x0B is, or the chunk's size."""
        if self._start < position:
            found = self.data.find(START, position)
            self._start = self.size if found < 0 else found
        return self._start

    def next_end(self, position: int) -> int:
        """Return where the next 0x1C 0x0D is, or the chunk's size."""
        if self._end < position:
            found = self.data.find(END, position)
            self._end = self.size if found < 0 else found
        return self._end


class Framer:
    """Cuts one connection's byte stream into blocks.

    ``max_bytes`` caps the content of a block, and the noise without any block.
    """

    def __init__(self, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._is_inside = False
        self._is_dropping = False
        self._has_held_fs = False
        self._dropped = 0
        self._noise = 0
        self._is_garbage = False

    @property
    def is_inside_frame(self) -> bool:
        """Return whether a block is open; its time limit runs as long as this holds."""
        return self._is_inside

    @property
    def open_since_bytes(self) -> int:
        """Return how many bytes of the open block arrived, dropped ones included."""
        return len(self._buffer) + self._dropped + self._has_held_fs

    @property
    def buffered_bytes(self) -> int:
        """Return how many bytes are held in memory."""
        return len(self._buffer) + self._has_held_fs

    def feed(self, data: bytes) -> list[Event]:
        """Take what one read returned; return what it completed, in order."""
        if self._has_held_fs:
            data = END[:1] + data
            self._has_held_fs = False
        events: list[Event] = []
        chunk = _Chunk(data)
        position = 0
        while position < chunk.size:
            step = self._read_block if self._is_inside else self._skip_noise
            position = step(chunk, position, events)
        return events

    def _skip_noise(self, chunk: _Chunk, position: int, events: list[Event]) -> int:
        start = chunk.next_start(position)
        if start > position:
            self._count_noise(start - position, events)
        if start == chunk.size:
            return start
        self._open_block()
        return start + 1

    def _count_noise(self, size: int, events: list[Event]) -> None:
        events.append(Noise(size))
        self._noise += size
        if self._noise > self._max_bytes and not self._is_garbage:
            self._is_garbage = True
            events.append(Garbage(self._noise))

    def _open_block(self) -> None:
        self._is_inside = True
        self._noise = 0
        self._is_garbage = False

    def _read_block(self, chunk: _Chunk, position: int, events: list[Event]) -> int:
        start, end = chunk.next_start(position), chunk.next_end(position)
        stop = min(start, end)
        if stop == chunk.size:
            self._has_held_fs = chunk.data.endswith(END[:1])
            self._take(chunk.data[position : stop - self._has_held_fs], events)
            return stop
        self._take(chunk.data[position:stop], events)
        if end < start:
            self._close_block(Frame(bytes(self._buffer)), events)
            self._is_inside = False
            return end + len(END)
        self._close_block(CutFrame(len(self._buffer)), events)
        return start + 1

    def _take(self, piece: bytes, events: list[Event]) -> None:
        if self._is_dropping:
            self._dropped += len(piece)
        elif len(self._buffer) + len(piece) <= self._max_bytes:
            self._buffer += piece
        else:
            head = bytes(self._buffer[:HEAD_BYTES]) + piece[:HEAD_BYTES]
            events.append(OversizeFrame(head[:HEAD_BYTES]))
            self._dropped = len(self._buffer) + len(piece)
            self._buffer = bytearray()
            self._is_dropping = True

    def _close_block(self, event: Frame | CutFrame, events: list[Event]) -> None:
        if self._is_dropping:
            events.append(Noise(self._dropped, NoiseReason.OVERSIZE_REST))
        else:
            events.append(event)
        # A new buffer, not clear(): a large block must not keep its memory for the connection.
        self._buffer = bytearray()
        self._is_dropping = False
        self._dropped = 0


def frame(payload: bytes) -> bytes:
    """Return the payload as one MLLP block.

    Raises:
        ValueError: the payload holds framing bytes and would arrive as something else.
    """
    if START in payload or END in payload:
        message = "payload holds MLLP framing bytes"
        raise ValueError(message)
    return START + payload + END


def without_framing(payload: bytes) -> bytes:
    """Return the payload without bytes that would end or begin a block.

    What was a lone 0x1C of content ends a block once our CR stands behind it: a segment that a
    sender ended with LF goes out with CR. No text needs these bytes.
    """
    if b"\x1c" in payload or b"\x0b" in payload:
        return _FALSE_FRAMING.sub(b"", payload)
    return payload
