"""Writes the HL7 message that tells one destination of one decision: ORU^R01 2.5.1 with ZRA."""

from __future__ import annotations

import secrets
from datetime import datetime

from apps.hl7v2.emit import OutHeader, enrich
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
    return enrich(notice.header + notice.group, _zra(notice, destination), header)


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
