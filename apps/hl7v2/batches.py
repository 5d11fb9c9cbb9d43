"""Batches: what stands around the messages of a frame, and the batch that answers one.

A file (FHS to FTS) holds batches (BHS to BTS), a batch holds messages. Nobody keeps to that:
FHS, BTS or FTS are left out, messages stand outside of any batch, the counts are wrong. Every
message is taken all the same; the counts are only compared. The answer has the sender's own
files and batches, in order, each with its answers. Source: HL7 v2.5.1 2.10.3 and 2.15.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from apps.hl7v2.mllp import without_framing
from apps.hl7v2.segments import batch_lines

_CONTROL_ID = 11
"""BHS-11 and FHS-11; the answer names it in field 12."""
_CLOSING = {b"BHS": b"BTS", b"FHS": b"FTS"}


@dataclass(slots=True)
class Batch:
    """One batch: its BHS, empty where it has none, and how many messages stand in it.

    ``said`` is BTS-1, empty where nothing was said.
    """

    header: bytes = b""
    size: int = 0
    said: bytes = b""

    @property
    def is_miscounted(self) -> bool:
        """Return whether BTS-1 says another number of messages than there are."""
        return _disagrees(self.said, self.size)


@dataclass(slots=True)
class BatchFile:
    """One file: its FHS, empty where it has none, and its batches; ``said`` is FTS-1."""

    header: bytes = b""
    batches: list[Batch] = field(default_factory=list)
    said: bytes = b""

    @property
    def is_miscounted(self) -> bool:
        """Return whether FTS-1 says another number of batches than there are."""
        return _disagrees(self.said, len(self.batches))


@dataclass(slots=True)
class Envelope:
    """What stands around the messages of one frame; ``files`` are in the order they came."""

    files: list[BatchFile] = field(default_factory=list)

    @property
    def is_there(self) -> bool:
        """Return whether there is any FHS or BHS, so that answers go in a batch too."""
        return any(
            file.header or any(batch.header for batch in file.batches) for file in self.files
        )

    def miscounted(self) -> list[bool]:
        """Return for each message in turn whether the counts around it are wrong."""
        return [
            file.is_miscounted or batch.is_miscounted
            for file in self.files
            for batch in file.batches
            for _ in range(batch.size)
        ]

    def wrap(self, answers: Sequence[Sequence[bytes]]) -> bytes:
        """Return the batch of these answers.

        Args:
            answers: for each message in turn its answers, each segment with its CR.
        """
        each = iter(answers)
        lines = [part for file in self.files for part in _answered_file(file, each)]
        return without_framing(b"".join(lines))


def read_batch(raw: bytes) -> tuple[list[bytes], Envelope]:
    """Return the messages of a frame, each from its MSH on, and what stands around them."""
    reader = _Reader()
    for line in batch_lines(raw):
        reader.take(line)
    messages = [b"".join(line + b"\r" for line in lines) for lines in reader.messages]
    return messages, reader.envelope


class _Reader:
    """Walks over the lines once."""

    def __init__(self) -> None:
        self.envelope = Envelope()
        self.messages: list[list[bytes]] = []
        self._file: BatchFile | None = None
        self._batch: Batch | None = None

    def take(self, line: bytes) -> None:
        name = line[:3]
        if name == b"MSH":
            self._open_batch().size += 1
            self.messages.append([line])
        elif name in (b"FHS", b"BHS"):
            self._open(name, line)
        elif name == b"BTS":
            self._end_batch(line)
        elif name == b"FTS":
            self._end_file(line)
        elif self.messages:
            self.messages[-1].append(line)

    def _open(self, name: bytes, line: bytes) -> None:
        header = line if _has_separator(line) else b""
        self._batch = None
        if name == b"FHS":
            self._file = BatchFile(header)
            self.envelope.files.append(self._file)
        else:
            self._batch = Batch(header)
            self._open_file().batches.append(self._batch)

    def _end_batch(self, line: bytes) -> None:
        if self._batch is not None:
            self._batch.said = _count(line)
        self._batch = None

    def _end_file(self, line: bytes) -> None:
        if self._file is not None:
            self._file.said = _count(line)
        self._file = self._batch = None

    def _open_file(self) -> BatchFile:
        if self._file is None:
            self._file = BatchFile()
            self.envelope.files.append(self._file)
        return self._file

    def _open_batch(self) -> Batch:
        if self._batch is None:
            self._batch = Batch()
            self._open_file().batches.append(self._batch)
        return self._batch


def _has_separator(header: bytes) -> bool:
    return len(header) > 3 and not header[3:4].isalnum()


def _count(trailer: bytes) -> bytes:
    """Return the first field of BTS or FTS."""
    separator = trailer[3:4]
    return trailer.split(separator)[1].strip() if separator else b""


def _disagrees(said: bytes, there: int) -> bool:
    return bool(said) and (not said.isdigit() or int(said[:9]) != there)


def _answered_file(file: BatchFile, answers: Iterator[Sequence[bytes]]) -> Iterator[bytes]:
    yield _opening(file.header)
    for batch in file.batches:
        own = [answer for some in islice(answers, batch.size) for answer in some]
        yield _opening(batch.header)
        yield from own
        yield _closing(batch.header, len(own))
    yield _closing(file.header, len(file.batches))


def _opening(header: bytes) -> bytes:
    """Return FHS or BHS of the answer: sender (3, 4) and receiver (5, 6) change places."""
    if not header:
        return b""
    separator = header[3:4]
    fields = [*header.split(separator), *[b""] * _CONTROL_ID]
    answer = [fields[0], fields[1], fields[4], fields[5], fields[2], fields[3]]
    # MSH-1 and its like are the separator itself, so field 11 is the eleventh part.
    if control_id := fields[_CONTROL_ID - 1]:
        answer += [b""] * (_CONTROL_ID - len(answer)) + [control_id]
    return separator.join(answer) + b"\r"


def _closing(header: bytes, count: int) -> bytes:
    return b"%b%b%d\r" % (_CLOSING[header[:3]], header[3:4], count) if header else b""
