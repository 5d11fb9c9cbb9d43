r"""Cutting a message into segments, and a batch into messages.

CR ends a segment. LF and CR LF are accepted as ends too, but an LF ends a segment only where a
segment name or the end of the message follows: a text that a sender broke with LF stays one
value. Source: HL7 v2.5.1 2.6; spec 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from apps.hl7v2.errors import ErrorCode, FieldError

_BLANK = b" \t\r\n\x00"
_INDENT = b" \t"
_LATER_HEADER = re.compile(rb"[\r\n][ \t]*MSH")
_LINE_END = re.compile(rb"[\r\n]")
_BATCH_LINE = re.compile(rb"\r\n?|\n(?=[ \t]*(?:MSH|BTS|FTS|BHS|FHS))")
_BOM = b"\xef\xbb\xbf"
_BATCH_NAMES = (b"FHS", b"BHS")
_ENVELOPE_NAMES = frozenset({b"FHS", b"BHS", b"BTS", b"FTS"})


def strip_start(raw: bytes) -> bytes:
    """Return the message from its first segment on: blanks, line ends, NUL and BOM skipped."""
    if raw.startswith(b"MSH"):
        return raw
    return raw.lstrip(_BLANK).removeprefix(_BOM).lstrip(_BLANK)


def header_segment(message: bytes) -> bytes:
    """Return the message's first segment.

    Raises:
        FieldError: it is no MSH.
    """
    if not message.startswith(b"MSH"):
        reason = "the message does not begin with MSH"
        raise FieldError("MSH", 1, reason, ErrorCode.SEGMENT_SEQUENCE)
    return message[: _line_end(message)]


def _line_end(message: bytes) -> int:
    end = message.find(b"\r")
    end = len(message) if end < 0 else end
    line_feed = message.find(b"\n", 0, end)
    return end if line_feed < 0 else line_feed


def split_segments(message: bytes, field: bytes) -> list[bytes]:
    """Return the segments without their ends and indents; empty lines are left out."""
    if b"\n" in message:
        return [
            part
            for line in _segment_ends(field).split(_without_blank_end(message))
            if (part := _unindented(line))
        ]
    parts = message.split(b"\r")
    if b"\r " in message or b"\r\t" in message:
        parts = [_unindented(line) for line in parts]
    return [part for part in parts if part]


def _without_blank_end(message: bytes) -> bytes:
    # Cut off once, not looked at again from each LF in it: a million of them would take hours.
    end = _LINE_END.search(message, len(message.rstrip(_BLANK)))
    return message[: end.start()] if end else message


def _unindented(line: bytes) -> bytes:
    # Blanks before the name are indents, behind it they are part of a value; NUL is neither.
    return line.lstrip(_INDENT) if line.strip(_BLANK) else b""


@lru_cache(maxsize=64)
def _segment_ends(field: bytes) -> re.Pattern[bytes]:
    name = rb"[ \t]*[A-Z][A-Z0-9]{2}(?:" + re.escape(field) + rb"|[\r\n]|\Z)"
    return re.compile(rb"\r\n?|\n(?=" + name + rb"|\Z)")


def is_batch(message: bytes) -> bool:
    """Return whether the bytes hold a batch (FHS or BHS first) or more than one message."""
    return message.startswith(_BATCH_NAMES) or _has_second_message(message)


def first_message(message: bytes) -> bytes:
    """Return the bytes from the first MSH on; as they are when there is none."""
    if message.startswith(b"MSH"):
        return message
    found = _LATER_HEADER.search(message)
    return message[found.end() - 3 :] if found else message


def _has_second_message(message: bytes) -> bool:
    return message.find(b"MSH", 1) >= 0 and _LATER_HEADER.search(message) is not None


def batch_lines(raw: bytes) -> Iterator[bytes]:
    """Return the lines of a batch without their ends and indents; blank ones are left out."""
    for line in _BATCH_LINE.split(strip_start(raw)):
        if line.strip(_BLANK):
            yield line.lstrip(_INDENT)


def split_batch(raw: bytes) -> list[bytes]:
    r"""Return the messages of a batch, each from its MSH on, with CR after every segment.

    A single message comes back as the only item. FHS, BHS, BTS and FTS belong to no message;
    each message is read with its own MSH-1. Bytes without any MSH hold no message.
    """
    messages: list[list[bytes]] = []
    for line in batch_lines(raw):
        if line.startswith(b"MSH"):
            messages.append([])
        if messages and line[:3] not in _ENVELOPE_NAMES:
            messages[-1].append(line)
    return [b"".join(line + b"\r" for line in lines) for lines in messages]
