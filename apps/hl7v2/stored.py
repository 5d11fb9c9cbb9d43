"""The part of an order's message that is kept for answering: MSH, PID, PV1, its own group.

Kept as one run of bytes, CR after every segment, each segment as it came, so that what goes out
later is what came in. Source: spec 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.hl7v2.groups import Group
from apps.hl7v2.message import Message, Segment

_PATIENT = ("PID", "PV1")


@dataclass(frozen=True, slots=True)
class OrderSegments:
    """An order's segments: ``patient`` holds PID and PV1, ``own`` the group."""

    header: Segment
    patient: tuple[Segment, ...]
    own: tuple[Segment, ...]


def keep_segments(group: Group) -> bytes:
    """Return what has to be kept of a group, for ``load_segments``."""
    kept = [segment for segment in group.header if segment.name in ("MSH", *_PATIENT)]
    return b"".join(segment.raw + b"\r" for segment in (*kept, *group.segments))


def for_answering(header: bytes) -> bytes:
    """Return MSH, PID and PV1 of the segments that stood before an order's group.

    The others (PD1, NK1, Z segments of the patient) are kept to read the order by, not to be told.
    """
    lines = header.split(b"\r")
    return b"".join(line + b"\r" for line in lines if line[:3] in (b"MSH", b"PID", b"PV1"))


def load_segments(stored: bytes) -> OrderSegments:
    """Return what ``keep_segments`` kept.

    Raises:
        FieldError: the bytes do not begin with a usable MSH.
    """
    message = Message(stored)
    rest = message.segments[1:]
    patient = tuple(segment for segment in rest if segment.name in _PATIENT)
    own = tuple(segment for segment in rest if segment.name not in _PATIENT)
    return OrderSegments(message.header, patient, own)
