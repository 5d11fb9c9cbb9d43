"""Writes the HL7 message that tells one destination of one decision: ORU^R01 2.5.1 with ZRA."""

from __future__ import annotations

import secrets
from datetime import datetime

from apps.hl7v2.emit import OutHeader, enrich
from apps.hl7v2.escapes import encode, escape
from apps.hl7v2.separators import DEFAULT_SEPARATORS, Separators, read_separators
from apps.hl7v2.timestamps import format_ts
from apps.hl7v2.zra import Zra
from apps.outbound.queries.destinations import DestinationFacts
from apps.outbound.services.notices import Notice

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 52
_DIGITS = 20


def new_control_id(at: datetime) -> str:
    """Return a fresh MSH-10: 20 characters that sort by time, 48 bits of it and 52 of chance.

    Source: HL7 v2.5.1 2.14.9.10, at most 20 characters.
    """
    number = int(at.timestamp() * 1000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (_DIGITS - 1), -1, -5))


def render(notice: Notice, destination: DestinationFacts, control_id: str) -> bytes:
    """Return the message, CR after every segment.

    Times are on the wall clock of the destination's zone. Source: spec 4.
    """
    header = OutHeader(
        control_id=control_id,
        at=notice.at,
        zone=destination.zone,
        with_offset=destination.with_offset,
    )
    return enrich(_stored(notice, destination), _zra(notice, destination), header)


def _stored(notice: Notice, destination: DestinationFacts) -> bytes:
    """Return the order's segments, as if they had come from whom the message is to name.

    MSH-5 and MSH-6 are the origin's MSH-3 and MSH-4 unless the destination sets them.
    """
    stored = (notice.header or _bare_header(notice)) + notice.group
    if not destination.receiving_application and not destination.receiving_facility:
        return stored
    ours = (destination.receiving_application, destination.receiving_facility)
    return _readdressed(stored, ours)


def _bare_header(notice: Notice) -> bytes:
    """Return an MSH for an order that no message told us of."""
    names = (escape(name, DEFAULT_SEPARATORS) for name in (notice.application, notice.facility))
    return b"MSH|^~\\&|" + encode("|".join(names), "ascii") + b"\r"


def _readdressed(stored: bytes, names: tuple[str, str]) -> bytes:
    separators = read_separators(stored)
    end = stored.index(b"\r")
    fields = stored[:end].split(separators.field.encode("ascii"))
    fields += [b""] * (4 - len(fields))
    for place, name in enumerate(names, start=2):
        if name:
            fields[place] = _hierarchic(name, separators)
    return separators.field.encode("ascii").join(fields) + stored[end:]


def _hierarchic(name: str, separators: Separators) -> bytes:
    """Return an HD field: the caret in a setting separates its components."""
    parts = (escape(part, separators) for part in name.split("^"))
    return encode(separators.component.join(parts), "ascii")


def _zra(notice: Notice, destination: DestinationFacts) -> Zra:
    decided = format_ts(notice.at, destination.zone, with_offset=destination.with_offset)
    if notice.reader is None:
        return Zra(code=notice.reason or notice.kind.value, decided=decided)
    return Zra(
        radiologist_id=notice.reader.id,
        family=notice.reader.family,
        given=notice.reader.given,
        title=notice.reader.title,
        shift_code=notice.shift_code,
        shift_name=notice.shift_name,
        code=notice.strategy,
        decided=decided,
    )
