"""Telling the RIS who reads: the order's own segments as they came, one ZRA added.

The message is an ORU^R01 with our MSH; delimiters and character set are the original's, so PID,
PV1 and the group pass byte for byte. Only where a destination wants others is every segment
written anew with equal values. What we write ourselves is escaped. Source: spec 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from apps.hl7v2.ack import MAX_CONTROL_ID, OWN_APPLICATION, OWN_FACILITY
from apps.hl7v2.charset import declared_codec
from apps.hl7v2.escapes import encode, escape
from apps.hl7v2.message import Segment
from apps.hl7v2.mllp import without_framing
from apps.hl7v2.recode import recode_field, recode_segment
from apps.hl7v2.separators import Separators
from apps.hl7v2.stored import OrderSegments, load_segments
from apps.hl7v2.timestamps import format_ts
from apps.hl7v2.zra import Zra, write_zra


@dataclass(frozen=True, slots=True)
class OutHeader:
    """Our MSH.

    ``control_id`` is MSH-10, at most 20 characters, ``at`` is MSH-7, written on the wall clock
    of ``zone``. MSH-5 and MSH-6 are the origin's MSH-3 and MSH-4, MSH-11 is the origin's, else
    P. ``separators`` and ``character_set`` (MSH-18) None mean the original's.
    """

    control_id: str
    at: datetime
    zone: tzinfo = UTC
    with_offset: bool = False
    sending_application: str = OWN_APPLICATION.decode()
    sending_facility: str = OWN_FACILITY.decode()
    message_code: str = "ORU"
    trigger: str = "R01"
    version: str = "2.5.1"
    separators: Separators | None = None
    character_set: str | None = None


def enrich(stored: bytes, zra: Zra, header: OutHeader) -> bytes:
    """Return the outbound message, CR after every segment.

    Any ZRA that the order already had (our own message echoed) is dropped; the new one stands
    after ZRD, else at the end.

    Args:
        stored: what ``keep_segments`` kept of the order.
        zra: the assignment, or its end.
        header: our MSH.

    Raises:
        FieldError: ``stored`` holds no usable MSH.
        ValueError: the control id is longer than 20 characters.
    """
    if len(header.control_id) > MAX_CONTROL_ID:
        message = f"MSH-10 holds at most {MAX_CONTROL_ID} characters, got {header.control_id!r}"
        raise ValueError(message)
    writer = _Writer(load_segments(stored), header)
    payload = b"".join(segment + b"\r" for segment in writer.segments(zra))
    return without_framing(payload)


class _Writer:
    """Writes one outbound message."""

    def __init__(self, parts: OrderSegments, header: OutHeader) -> None:
        self.parts = parts
        self.header = header
        self.dialect = parts.header.dialect
        self.separators = header.separators or self.dialect.separators
        self.character_set = header.character_set
        self.is_recoded = self.separators != self.dialect.separators
        self.codec = self.dialect.charset.codec
        if header.character_set is not None:
            repetition = self.separators.repetition.encode("ascii")
            wanted = declared_codec(header.character_set.encode("ascii", "replace"), repetition)
            self.codec = wanted or "ascii"
            self.is_recoded = self.is_recoded or self.codec != self.dialect.charset.codec

    def segments(self, zra: Zra) -> Iterator[bytes]:
        yield self.msh()
        for segment in self.parts.patient:
            yield self.passed(segment)
        own = [segment for segment in self.parts.own if segment.name != "ZRA"]
        place = _place_of_zra(own)
        for segment in own[:place]:
            yield self.passed(segment)
        yield encode(write_zra(zra, self.separators), self.codec)
        for segment in own[place:]:
            yield self.passed(segment)

    def passed(self, segment: Segment) -> bytes:
        if not self.is_recoded:
            return segment.raw
        return encode(recode_segment(segment, self.separators), self.codec)

    def echoed(self, field: int) -> bytes:
        """Return a whole field of the original MSH."""
        origin = self.parts.header
        if not self.is_recoded:
            return origin.raw_field(field)
        return encode(recode_field(origin.text(field), self.dialect, self.separators), self.codec)

    def written(self, value: str) -> bytes:
        return encode(escape(value, self.separators), self.codec)

    def msh(self) -> bytes:
        header = self.header
        component = self.separators.component.encode("ascii")
        fields = [
            b"MSH",
            self.separators.encoding.encode("ascii"),
            self.written(header.sending_application),
            self.written(header.sending_facility),
            self.echoed(3),
            self.echoed(4),
            format_ts(header.at, header.zone, with_offset=header.with_offset).encode("ascii"),
            b"",
            component.join([self.written(header.message_code), self.written(header.trigger)]),
            self.written(header.control_id),
            self.echoed(11) or b"P",
            self.written(header.version),
        ]
        if character_set := self.msh_18():
            fields += [b"", b"", b"", b"", b"", character_set]
        return self.separators.field.encode("ascii").join(fields)

    def msh_18(self) -> bytes:
        if self.character_set is None:
            return self.echoed(18)
        # Repetitions of MSH-18 are structure, so only the profile's own ~ is kept as one.
        names = (self.written(name) for name in self.character_set.split("~"))
        return self.separators.repetition.encode("ascii").join(names)


def _place_of_zra(own: list[Segment]) -> int:
    places = [index for index, segment in enumerate(own) if segment.name == "ZRD"]
    return places[-1] + 1 if places else len(own)
