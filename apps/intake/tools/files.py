"""Messages from files: framed or not, one or many, and renumbered copies of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from apps.hl7v2.errors import FieldError
from apps.hl7v2.mllp import END, START, Frame, Framer
from apps.hl7v2.segments import header_segment, split_segments, strip_start
from apps.hl7v2.separators import read_separators

_MESSAGE_START = re.compile(rb"(?:(?<=[\r\n])|\A)(?=MSH)")
_BATCH_STARTS = (b"FHS", b"BHS")
_MAX_CONTROL_ID = 20
# The fields that make an order this order; components beyond the first are namespaces.
_NUMBERS: Mapping[bytes, tuple[int, ...]] = {
    b"ORC": (2, 3),
    b"OBR": (2, 3, 18),
    b"IPC": (1,),
}
_UIDS: Mapping[bytes, tuple[int, ...]] = {b"IPC": (3,), b"ZDS": (1,)}


def read_messages(content: bytes) -> list[bytes]:
    """Return the messages of a file, byte for byte; a batch (FHS, BHS) is one.

    Raises:
        ValueError: there is nothing to send, or an MLLP block has no end.
    """
    if START in content:
        return _framed(content)
    if strip_start(content).startswith(_BATCH_STARTS):
        return [content]
    if not content.strip():
        raise ValueError("the file holds no message")
    before, *parts = _MESSAGE_START.split(content)
    # Nothing is left out: what stands before the first MSH goes with it, to be judged there.
    return [before + parts[0], *parts[1:]] if parts else [before]


def _framed(content: bytes) -> list[bytes]:
    if END not in content[content.rfind(START) :]:
        raise ValueError("the last MLLP block has no end (0x1C 0x0D)")
    events = Framer(max_bytes=len(content)).feed(content)
    return [event.payload for event in events if isinstance(event, Frame)]


def renumbered(message: bytes, mark: str) -> bytes:
    """Return the message as another order: every number of its own, MSH-10 too.

    Equal numbers stay equal, so what belongs together still does. Placer, filler, accession and
    MSH-10 end in ``-mark``, study instance UIDs in its digits; ``mark`` is hexadecimal. Without
    a usable MSH the message comes back as it is.
    """
    raw = strip_start(message)
    try:
        separators = read_separators(header_segment(raw))
    except FieldError:
        return message
    field, component = separators.field.encode("ascii"), separators.component.encode("ascii")
    segments = split_segments(raw, field)
    copies = [_copy(segment, mark, field, component) for segment in segments]
    return b"".join(segment + b"\r" for segment in copies)


def _copy(segment: bytes, mark: str, field: bytes, component: bytes) -> bytes:
    fields = segment.split(field)
    name = fields[0]
    if name == b"MSH":
        # MSH-1 is the separator itself, so MSH-10 is the ninth piece.
        fields += [b""] * (10 - len(fields))
        fields[9] = (fields[9] + b"-" + mark.encode())[-_MAX_CONTROL_ID:]
    for number in _NUMBERS.get(name, ()):
        _append(fields, number, b"-" + mark.encode(), component)
    for number in _UIDS.get(name, ()):
        _append(fields, number, b".%d" % int(mark, 16), component)
    return field.join(fields)


def _append(fields: list[bytes], number: int, suffix: bytes, component: bytes) -> None:
    if number < len(fields) and fields[number] not in (b"", b'""'):
        first, *rest = fields[number].split(component)
        fields[number] = component.join([first + suffix, *rest])
