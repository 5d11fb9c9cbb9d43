"""What intake needs of a message, read by hand in a few microseconds.

The listener must store and answer before anything is understood, so this reads the header, the
order numbers and a hint of urgency, and nothing else; ``message`` reads the rest later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from apps.hl7v2.charset import Shield, choose_charset, needs_shield, read_msh_18
from apps.hl7v2.errors import ErrorCode, FieldError
from apps.hl7v2.found import WANTED, Found, Identity, text_of
from apps.hl7v2.groups import MAX_GROUPS
from apps.hl7v2.message import Dialect, Message, Segment
from apps.hl7v2.numbers import GROUPING, unnumbered, unnumbered_group
from apps.hl7v2.segments import (
    first_message,
    header_segment,
    is_batch,
    split_segments,
    strip_start,
)
from apps.hl7v2.sender import NAME_COMPONENTS, names_of
from apps.hl7v2.separators import DEFAULT_SEPARATORS, Separators, read_separators

__all__ = ["ORDER_EVENTS", "Identity", "Peek", "glance", "needs_answer", "peek", "with_identities"]

ORDER_EVENTS: Mapping[str, str] = {"ORM": "O01", "OMI": "O23", "OMG": "O19"}
_ANSWER_TYPES = frozenset({"ACK", "MCF", "ORR", "ORI", "ORG"})
_MISSING = (b"",) * 19


class Peek(NamedTuple):
    """What intake knows of a message.

    ``msh`` holds the fields of MSH as they came, index is the field number. ``sending_*`` are
    the names of ``sender``. ``control_id`` is MSH-10 byte for byte. ``identities`` are
    those of every group, in order, each once; a namespace is left out, so equal numbers of two
    orders look equal here and only here. ``is_order`` means ORM^O01, OMI^O23 or OMG^O19, also
    when the trigger is missing. ``is_batch`` means more than one message. ``error`` says why the
    message is refused.
    """

    separators: Separators = DEFAULT_SEPARATORS
    msh: tuple[bytes, ...] = ()
    sending_application: str = ""
    sending_facility: str = ""
    sent: str = ""
    message_code: str = ""
    trigger: str = ""
    control_id: bytes = b""
    processing_id: str = ""
    version: str = ""
    accept_mode: str = ""
    application_mode: str = ""
    character_set: bytes = b""
    is_order: bool = False
    has_msa: bool = False
    order_control: str = ""
    identities: tuple[Identity, ...] = ()
    is_stat: bool = False
    is_batch: bool = False
    error: FieldError | None = None

    @property
    def order_keys(self) -> tuple[str, ...]:
        """Return the order numbers without their kinds, each once; for keeping arrival order.

        One system's filler number is the next one's accession, so equal values of different
        kinds must be taken for one order here.
        """
        return tuple(dict.fromkeys(identity.value for identity in self.identities))

    def field(self, number: int) -> bytes:
        """Return a whole field of MSH as it came, empty when it is missing."""
        return self.msh[number] if number < len(self.msh) else b""


def peek(raw: bytes) -> Peek:
    """Read what intake needs.

    Raises:
        FieldError: there is no usable MSH, no MSH-9.1, or an order without order segments or
            without any number. Nothing else is refused for its content.
    """
    seen = glance(raw)
    if seen.error is not None:
        raise seen.error
    return seen


def glance(raw: bytes) -> Peek:
    """Read what intake needs; never raises, ``error`` says what ``peek`` would refuse."""
    message = strip_start(raw)
    has_several = is_batch(message)
    if has_several:
        message = first_message(message)
    try:
        header = header_segment(message)
    except FieldError as error:
        return Peek(error=error, is_batch=has_several)
    try:
        separators = read_separators(header)
    except FieldError as error:
        return _broken_header(header, error)._replace(is_batch=has_several)
    return _read(message, header, separators, has_several=has_several)


def _broken_header(header: bytes, error: FieldError) -> Peek:
    """Keep what can be kept, so that the refusal reaches who sent it."""
    if error.field == 1:
        return Peek(error=error)
    field = header[3:4].decode("ascii")
    separators = Separators(field)
    if field in DEFAULT_SEPARATORS.encoding:
        return Peek(error=error)
    msh = _msh_fields(header, separators)
    names = _sender(header, header, separators, msh)
    return _describe(separators, msh, names, Found(separators, None))._replace(error=error)


def _read(message: bytes, header: bytes, separators: Separators, *, has_several: bool) -> Peek:
    msh = _msh_fields(header, separators)
    shield = None
    if needs_shield(message, header):
        shield = _shield(message, separators, read_msh_18(header, separators))
        shielded = header_segment(shield.raw)
        header = shield.restore(shielded)
        msh = tuple(shield.restore(field) for field in _msh_fields(shielded, separators))
    found = Found(separators, shield)
    found.segments = split_segments(shield.raw if shield else message, found.field)
    for segment in found.segments:
        name = segment[:3]
        if name in WANTED and (not found.is_full or name == b"MSA"):
            found.take(segment)
    found.end()
    names = _sender(message, header, separators, msh)
    return _describe(separators, msh, names, found, has_several=has_several)


def _msh_fields(header: bytes, separators: Separators) -> tuple[bytes, ...]:
    field = separators.field.encode("ascii")
    return (b"MSH", field, *header.split(field)[1:])


def _shield(message: bytes, separators: Separators, character_set: bytes) -> Shield:
    repetition = separators.repetition.encode("ascii")
    codec = choose_charset(message, character_set, repetition).codec
    return Shield(message, codec, separators)


def _describe(
    separators: Separators,
    msh: tuple[bytes, ...],
    names: tuple[str, str],
    found: Found,
    *,
    has_several: bool = False,
) -> Peek:
    padded = msh if len(msh) > 18 else msh + _MISSING[len(msh) :]
    component = found.component
    message_type = padded[9].split(component)
    code = text_of(message_type[0]).upper()
    trigger = text_of(message_type[1]).upper() if len(message_type) > 1 else ""
    is_order = code in ORDER_EVENTS and trigger in ("", ORDER_EVENTS[code])
    # Positional: keywords and _replace would double what a message costs here.
    return Peek(
        separators,
        msh,
        *names,
        text_of(padded[7]),
        code,
        trigger,
        padded[10],
        text_of(padded[11].partition(component)[0]),
        text_of(padded[12].partition(component)[0]),
        text_of(padded[15]).upper(),
        text_of(padded[16]).upper(),
        padded[18],
        is_order,
        found.has_msa,
        found.order_control or "",
        tuple(found.identities),
        found.is_stat,
        has_several,
        _refusal(code, found, must_have_order=is_order and not has_several),
    )


def _sender(
    message: bytes, header: bytes, separators: Separators, msh: tuple[bytes, ...]
) -> tuple[str, str]:
    both = b"|".join(msh[3:5])
    repetition = separators.repetition.encode("ascii")
    escape = separators.escape.encode("ascii") or repetition
    if both.isascii() and not (escape in both or repetition in both or b"\x1b" in both):
        component = separators.component.encode("ascii")
        application = _first_filled(msh[3], component) if len(msh) > 3 else ""
        return application, _first_filled(msh[4], component) if len(msh) > 4 else ""
    # What the bytes stand for depends on the character set, and that on the whole message.
    charset = choose_charset(message, read_msh_18(header, separators), repetition)
    return names_of(Segment(header, Dialect(separators, charset)))


def _first_filled(field: bytes, component: bytes) -> str:
    if component not in field:
        return text_of(field)
    parts = field.split(component, NAME_COMPONENTS)[:NAME_COMPONENTS]
    return next((text for part in parts if (text := text_of(part))), "")


def _refusal(code: str, found: Found, *, must_have_order: bool) -> FieldError | None:
    if not code:
        return FieldError("MSH", 9, "message type is missing", ErrorCode.REQUIRED_FIELD_MISSING)
    if not must_have_order:
        return None
    if not found.groups:
        reason = "an order needs an ORC or OBR segment"
        return FieldError("ORC", 1, reason, ErrorCode.SEGMENT_SEQUENCE)
    if not found.identities:
        return unnumbered("OBR" if found.order_control is None else "ORC")
    is_doubtful = found.lacks_numbers and found.groups <= MAX_GROUPS
    return _unnumbered_group(found) if is_doubtful else None


def _unnumbered_group(found: Found) -> FieldError | None:
    segments = [segment for segment in found.segments if segment[:3] in GROUPING]
    if found.shield is not None:
        segments = [found.shield.restore(segment) for segment in segments]
    return unnumbered_group(Message(b"\r".join(segments)))


def with_identities(
    seen: Peek, identities: tuple[Identity, ...], missing: FieldError | None
) -> Peek:
    """Return what is known of an order whose numbers were read elsewhere than at usual places.

    Args:
        seen: what was read at the usual places.
        identities: the numbers that were found instead.
        missing: why the order is refused for its numbers, None when it is not.
    """
    error = seen.error
    is_about_numbers = error is not None and error.code is ErrorCode.REQUIRED_FIELD_MISSING
    if is_about_numbers and error is not None and error.segment != "MSH":
        error = None
    return seen._replace(identities=identities, error=error or missing)


def needs_answer(seen: Peek) -> bool:
    """Return whether the message may be acknowledged at all: an answer never is."""
    return seen.message_code not in _ANSWER_TYPES and not seen.has_msa
