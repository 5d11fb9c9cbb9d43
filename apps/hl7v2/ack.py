"""Answers: which ones a message asks for, and their bytes.

The answer speaks the sender's dialect: version, character set and delimiters are the message's,
sender and receiver change places, MSH-10 comes back in MSA-2 byte for byte, also when it is
empty. Source: HL7 v2.5.1 2.9.2 and 2.9.3; spec 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from apps.hl7v2.charset import Charset, declared_codec
from apps.hl7v2.errors import FieldError
from apps.hl7v2.escapes import encode, escape
from apps.hl7v2.mllp import without_framing
from apps.hl7v2.peek import Peek, glance, needs_answer
from apps.hl7v2.separators import Separators

OWN_APPLICATION = b"ASSIGNMENT_ENGINE"
OWN_FACILITY = b"ENTERPRISE"
MAX_CONTROL_ID = 20
_DEFAULT_VERSION = "2.5.1"
_MAX_TEXT = 200


class AckCode(StrEnum):
    """MSA-1. Source: HL7 table 0008."""

    AA = "AA"
    AE = "AE"
    AR = "AR"
    CA = "CA"
    CE = "CE"
    CR = "CR"


class Outcome(StrEnum):
    """What became of a message: safe on disk, faulty in itself, or refused for now."""

    ACCEPTED = "accepted"
    ERROR = "error"
    REJECTED = "rejected"


_ACCEPT = {Outcome.ACCEPTED: AckCode.CA, Outcome.ERROR: AckCode.CE, Outcome.REJECTED: AckCode.CR}
_APPLICATION = {
    Outcome.ACCEPTED: AckCode.AA,
    Outcome.ERROR: AckCode.AE,
    Outcome.REJECTED: AckCode.AR,
}
_SENT_WHEN: Mapping[str, frozenset[Outcome]] = {
    "AL": frozenset(Outcome),
    "NE": frozenset(),
    "": frozenset(),
    "ER": frozenset({Outcome.ERROR, Outcome.REJECTED}),
    "SU": frozenset({Outcome.ACCEPTED}),
}


def answer_codes(seen: Peek, outcome: Outcome) -> tuple[AckCode, ...]:
    """Return what the sender wants to hear of this outcome, in the order to send it.

    Original mode (MSH-15 and MSH-16 empty) is one application answer. In enhanced mode MSH-15
    governs the accept answer and MSH-16 the application answer; an unknown word means always,
    for a sender that waits in vain sends again. Source: HL7 table 0155.
    """
    if not needs_answer(seen):
        return ()
    if not seen.accept_mode and not seen.application_mode:
        return (_APPLICATION[outcome],)
    modes = ((seen.accept_mode, _ACCEPT), (seen.application_mode, _APPLICATION))
    return tuple(
        codes[outcome] for mode, codes in modes if outcome in _SENT_WHEN.get(mode, set(Outcome))
    )


def build_ack(
    source: Peek | bytes,
    code: str,
    *,
    control_id: str,
    at: datetime,
    text: str = "",
    error: FieldError | None = None,
) -> bytes | None:
    """Return an answer with the given MSA-1, or None when the message is an answer itself.

    Whether the sender asked for this code is ``answer_codes``'s to say. Without a usable MSH the
    answer has the usual delimiters and an empty MSA-2.

    Args:
        source: the message or what was read of it.
        code: MSA-1; see ``AckCode``.
        control_id: our MSH-10, ASCII, at most 20 characters.
        at: the moment of the answer, aware.
        text: MSA-3; the error's words when empty.
        error: what is wrong, for MSA-3 and ERR.

    Raises:
        ValueError: ``control_id`` is too long.
    """
    if len(control_id) > MAX_CONTROL_ID:
        message = f"MSH-10 holds at most {MAX_CONTROL_ID} characters, got {len(control_id)}"
        raise ValueError(message)
    seen = glance(source) if isinstance(source, bytes) else source
    if not needs_answer(seen):
        return None
    writer = _Writer(seen)
    message_text = text or (str(error) if error else "")
    segments = [
        writer.msh(control_id, at),
        writer.join([b"MSA", code.encode("ascii"), seen.control_id, writer.text(message_text)]),
    ]
    if error is not None:
        segments.append(writer.err(error))
    return without_framing(b"".join(segment + b"\r" for segment in segments))


def build_answers(
    source: Peek | bytes,
    outcome: Outcome,
    *,
    control_id: str,
    at: datetime,
    text: str = "",
    error: FieldError | None = None,
) -> list[bytes]:
    """Return every answer that the sender asked for, in the order to send them.

    Two answers (enhanced mode) share the id's stem: the second one ends in ``A``, so the id has
    room for one character more.

    Raises:
        ValueError: ``control_id`` is too long.
    """
    seen = glance(source) if isinstance(source, bytes) else source
    answers = []
    for code, suffix in zip(answer_codes(seen, outcome), ("", "A"), strict=False):
        own_id = control_id + suffix
        answers.append(build_ack(seen, code, control_id=own_id, at=at, text=text, error=error))
    return [answer for answer in answers if answer is not None]


class _Writer:
    """Writes segments in the dialect of one message."""

    def __init__(self, seen: Peek) -> None:
        self.seen = seen
        self.separators: Separators = seen.separators
        self.field = seen.separators.field.encode("ascii")
        self.component = seen.separators.component.encode("ascii")
        repetition = seen.separators.repetition.encode("ascii")
        codec = declared_codec(seen.character_set, repetition)
        self.charset = Charset(codec or "ascii")

    def join(self, fields: list[bytes]) -> bytes:
        return self.field.join(fields)

    def text(self, value: str) -> bytes:
        return encode(escape(value[:_MAX_TEXT], self.separators), self.charset.codec)

    def msh(self, control_id: str, at: datetime) -> bytes:
        seen = self.seen
        is_known = bool(seen.msh)
        fields = [
            b"MSH",
            self.separators.encoding.encode("ascii"),
            seen.field(5) if is_known else OWN_APPLICATION,
            seen.field(6) if is_known else OWN_FACILITY,
            seen.field(3),
            seen.field(4),
            # Escaped, for a sender's delimiter may be a plus sign, or a full stop.
            self.text(at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")),
            b"",
            self.message_type(),
            self.text(control_id),
            seen.field(11) or b"P",
            seen.field(12) or self.text(_DEFAULT_VERSION),
        ]
        if seen.character_set:
            fields += [b"", b"", b"", b"", b"", seen.character_set]
        return self.join(fields)

    def message_type(self) -> bytes:
        """Return MSH-9: ``ACK`` up to 2.3, ``ACK^O01`` up to 2.4, ``ACK^O01^ACK`` from 2.5."""
        version = _version(self.seen.version)
        parts = [b"ACK"]
        if self.seen.trigger and version >= (2, 3, 1):
            parts.append(self.text(self.seen.trigger))
            if version >= (2, 5):
                parts.append(b"ACK")
        return self.component.join(parts)

    def err(self, error: FieldError) -> bytes:
        if _version(self.seen.version) < (2, 5):
            return self.join([b"ERR", self._err_1(error)])
        code = self.component.join(
            [str(int(error.code)).encode(), self.text(error.code.words), b"HL70357"]
        )
        place = self.component.join(_place(error))
        return self.join([b"ERR", b"", place, code, b"E", b"", b"", self.text(error.reason)])

    def _err_1(self, error: FieldError) -> bytes:
        """Return ERR-1 as before 2.5: segment, sequence, field and code in one field."""
        inner = self.separators.subcomponent.encode("ascii")
        code = str(int(error.code)).encode()
        if inner:
            code = inner.join([code, self.text(error.code.words), b"HL70357"])
        place = _place(error)
        return self.component.join([*(place or [b"", b"", b""]), code])


def _place(error: FieldError) -> list[bytes]:
    if not error.segment:
        return []
    return [error.segment.encode("ascii"), b"%d" % error.sequence, b"%d" % error.field]


def _version(version: str) -> tuple[int, ...]:
    """Return a comparable version; what cannot be read counts as the newest."""
    if not re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){1,3}", version, re.ASCII):
        return (99,)
    return tuple(int(part) for part in version.split("."))
