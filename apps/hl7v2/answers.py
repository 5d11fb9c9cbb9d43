"""Reading the answers of those we send to."""

from __future__ import annotations

from dataclasses import dataclass

from apps.hl7v2.peek import glance
from apps.hl7v2.segments import split_segments, strip_start


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgement: MSA-1, MSA-2 and MSA-3; all empty when it could not be read."""

    code: str = ""
    control_id: str = ""
    text: str = ""

    @property
    def is_accepted(self) -> bool:
        """Return whether the receiver has taken the message over."""
        return self.code in ("AA", "CA")

    @property
    def is_error(self) -> bool:
        """Return whether the same message would fail again."""
        return self.code in ("AE", "CE")


def parse_ack(raw: bytes) -> Answer:
    """Read an answer, whatever else it holds; never raises.

    A peer may leave out the last CR, use LF, or send an MSA whose MSH is broken; an MSA that
    cannot be found leaves every field empty.
    """
    message = strip_start(raw)
    separators = glance(message).separators
    field = separators.field.encode("ascii")
    for segment in split_segments(message, field):
        if segment.startswith(b"MSA" + field):
            values = [_text(value) for value in segment.split(field)[1:4]]
            code, control_id, text = [*values, "", "", ""][:3]
            return Answer(code.upper(), control_id, text)
    return Answer()


def _text(value: bytes) -> str:
    try:
        return value.decode().strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()
