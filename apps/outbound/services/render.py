"""Writes the HL7 message that tells one destination of one decision, as its profile asks."""

from __future__ import annotations

import secrets
from datetime import datetime

from apps.hl7v2.ack import OWN_APPLICATION
from apps.hl7v2.emit import (
    AS_IT_CAME,
    Composed,
    OutHeader,
    StandardPlaces,
    compose,
    enrich,
)
from apps.hl7v2.escapes import encode, escape
from apps.hl7v2.obr32 import Interpreter
from apps.hl7v2.prt import Action, Participation
from apps.hl7v2.separators import DEFAULT_SEPARATORS
from apps.hl7v2.status import OrderState
from apps.hl7v2.stored import for_answering
from apps.hl7v2.timestamps import format_ts
from apps.hl7v2.zra import Zra
from apps.outbound.choices import OutboundKind
from apps.outbound.queries.destinations import Profile
from apps.outbound.services.notices import Notice, Reader

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 52
_DIGITS = 20
_HELD = "held"


def new_control_id(at: datetime) -> str:
    """Return a fresh MSH-10: 20 characters that sort by time, 48 bits of it and 52 of chance.

    Source: HL7 v2.5.1 2.14.9.10, at most 20 characters.
    """
    number = int(at.timestamp() * 1000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (_DIGITS - 1), -1, -5))


def render(notice: Notice, profile: Profile, control_id: str) -> bytes:
    """Return the message, CR after every segment.

    Times are on the wall clock of the destination's zone. Source: spec 4.
    """
    header = _header(notice, profile, control_id)
    zra = _zra(notice, profile) if profile.with_zra else None
    return enrich(_stored(notice), zra, header, _places(notice, profile))


def render_segments(notice: Notice, profile: Profile, control_id: str) -> Composed:
    """Return the same segment by segment, each with the fields that were set in it."""
    header = _header(notice, profile, control_id)
    zra = _zra(notice, profile) if profile.with_zra else None
    return compose(_stored(notice), zra, header, _places(notice, profile))


def _stored(notice: Notice) -> bytes:
    """Return the order's segments; a bare MSH for an order that no message told us of."""
    return (for_answering(notice.header) or _bare_header(notice)) + notice.group


def _bare_header(notice: Notice) -> bytes:
    names = (escape(name, DEFAULT_SEPARATORS) for name in (notice.application, notice.facility))
    return b"MSH|^~\\&|" + encode("|".join(names), "ascii") + b"\r"


def _header(notice: Notice, profile: Profile, control_id: str) -> OutHeader:
    code, _, trigger = profile.message_type.partition("^")
    ours = {
        "sending_application": profile.sending_application,
        "sending_facility": profile.sending_facility,
    }
    return OutHeader(
        control_id=control_id,
        at=notice.at,
        zone=profile.zone,
        with_offset=profile.with_offset,
        receiving_application=profile.receiving_application,
        receiving_facility=profile.receiving_facility,
        message_code=code,
        trigger=trigger,
        structure=f"{code}_{trigger}" if profile.with_structure else "",
        version=profile.version,
        separators=profile.separators,
        character_set=profile.character_set,
        **{name: value for name, value in ours.items() if value},
    )


def _places(notice: Notice, profile: Profile) -> StandardPlaces:
    if not (profile.with_obr_32 or profile.with_prt) and profile.message_type == "ORU^R01":
        return AS_IT_CAME
    return StandardPlaces(
        interpreter=_interpreter(notice.reader) if profile.with_obr_32 else None,
        participations=_participations(notice, profile) if profile.with_prt else None,
        state=_state(notice),
    )


def _interpreter(reader: Reader | None) -> Interpreter:
    if reader is None:
        return Interpreter()
    return Interpreter(reader.id, reader.family, reader.given, reader.title)


def _participations(notice: Notice, profile: Profile) -> tuple[Participation, ...]:
    """Return who is expected to read: added, updated in place of another, or deleted."""
    reader, before = notice.reader, notice.before
    if reader is None and before is None:
        return ()
    at = format_ts(notice.at, profile.zone, with_offset=profile.with_offset)
    action = Action.UPDATE if before else Action.ADD
    made = Participation(
        instance=f"{notice.order_id}-EPRI",
        assigner=(profile.sending_application or OWN_APPLICATION.decode()).partition("^")[0],
        action=action if reader else Action.DELETE,
        person=_interpreter(reader or before),
        begins=at if reader else "",
        ends="" if reader else at,
    )
    return (made,)


def _state(notice: Notice) -> OrderState:
    if notice.kind is OutboundKind.CANCELLED:
        return OrderState.CANCELLED
    is_held = notice.reader is None and notice.reason == _HELD
    return OrderState.HELD if is_held else OrderState.SCHEDULED


def _zra(notice: Notice, profile: Profile) -> Zra:
    decided = format_ts(notice.at, profile.zone, with_offset=profile.with_offset)
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
