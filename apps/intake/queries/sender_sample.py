"""The message that a mapping is tried on, as a tree of places; what it says of people is masked.

What the tree hides, nothing else on the page shows: ``visible`` are the fields that may be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.audit.models import AuditEvent
from apps.core.access import Scope
from apps.core.legible import legible
from apps.hl7v2.errors import FieldError
from apps.hl7v2.masking import ShownField, ShownSegment, shown_segments
from apps.hl7v2.message import Message
from apps.hl7v2.names import field_named, segment_name
from apps.hl7v2.separators import Separators
from apps.intake.models import InboundMessage
from apps.intake.queries.inbound import seen

SHOWN_BYTES = 64 * 1024
READ_BYTES = 256 * 1024
"""Of a longer message the beginning is read for the preview."""
SHOWN_SEGMENTS = 250
SHOWN_PARTS = 40
_OPEN_FOR = timedelta(hours=1)
_ENTITY = "intake_inboundmessage"


@dataclass(frozen=True, slots=True)
class Part:
    """A component or sub-component that can be chosen."""

    place: str
    value: str


@dataclass(frozen=True, slots=True)
class TreeField:
    """A field that can be chosen, whole or by its parts; ``shown`` names it for people."""

    shown: str
    name: str
    place: str
    value: str
    is_hidden: bool
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class TreeSegment:
    """A segment with its filled fields."""

    name: str
    title: str
    fields: Sequence[TreeField]


@dataclass(frozen=True)
class Sample:
    """The message that a mapping is tried on; ``raw`` is empty where there is none.

    ``problem`` says why it cannot be read. ``visible`` are the fields that may be told, such as
    ``OBR-4``; None where the message is open and everything may.
    """

    raw: bytes = b""
    message_id: int | None = None
    is_pasted: bool = False
    is_open: bool = False
    may_open: bool = False
    is_cut: bool = False
    problem: str = ""
    segments: Sequence[TreeSegment] = ()
    visible: frozenset[str] | None = field(default_factory=frozenset)

    @property
    def is_there(self) -> bool:
        """Return whether there is a message that can be read."""
        return bool(self.raw) and not self.problem


NONE = Sample()


def found_message(message_id: int, scope: Scope) -> InboundMessage | None:
    """Return the message with its bytes, None where the scope holds none of that key."""
    return seen(scope).defer("ack").filter(pk=message_id).first()


def may_open(message_id: int, scope: Scope) -> bool:
    """Return whether the message lies where the viewer may open messages."""
    return bool(scope) and seen(scope).filter(pk=message_id).exists()


def was_opened(message_id: int, actor: str, *, at: datetime) -> bool:
    """Return whether the trail says that this person opened the message within the last hour."""
    rows = AuditEvent.objects.filter(entity=_ENTITY, entity_id=str(message_id), action="open")
    return rows.filter(actor=actor, at__gt=at - _OPEN_FOR).exists()


def received(message: InboundMessage, *, is_open: bool, may_open: bool) -> Sample:
    """Return a received message as a sample."""
    raw = bytes(message.raw)
    return _sample(raw, message_id=message.pk, is_open=is_open, may_open=may_open)


def pasted(text: str) -> Sample:
    """Return a message that a person typed or pasted; what they brought they may see."""
    raw = "\r".join(text.strip().splitlines()).encode("utf-8", "replace")
    return _sample(raw, is_pasted=True, is_open=True)


def _sample(
    raw: bytes,
    *,
    message_id: int | None = None,
    is_pasted: bool = False,
    is_open: bool = False,
    may_open: bool = False,
) -> Sample:
    try:
        separators = Message(raw[:READ_BYTES]).separators
    except FieldError as error:
        problem = f"This is no message: {error.reason}."
        return Sample(raw, message_id, is_pasted, is_open, may_open, problem=problem)
    shown = shown_segments(legible(raw[:SHOWN_BYTES]), is_open=is_open)
    listed = shown[:SHOWN_SEGMENTS]
    return Sample(
        raw=raw[:READ_BYTES],
        message_id=message_id,
        is_pasted=is_pasted,
        is_open=is_open,
        may_open=may_open and not is_open,
        is_cut=len(raw) > SHOWN_BYTES or len(shown) > SHOWN_SEGMENTS,
        segments=[_segment(one, separators) for one in listed if one.name],
        visible=None if is_open else _visible(shown),
    )


def _visible(shown: Iterable[ShownSegment]) -> frozenset[str]:
    return frozenset(one.place for segment in shown for one in segment.fields if not one.is_hidden)


def _segment(segment: ShownSegment, separators: Separators) -> TreeSegment:
    code = _obx_code(segment, separators)
    fields = [_field(one, separators, code) for one in segment.fields]
    return TreeSegment(segment.name, segment_name(segment.name), fields)


def _obx_code(segment: ShownSegment, separators: Separators) -> str:
    """Return what tells an OBX from the others: its OBX-3.1, where a place can name it."""
    if segment.name != "OBX":
        return ""
    value = next((one.value for one in segment.fields if one.place == "OBX-3"), "")
    code = value.split(separators.component)[0].strip() if separators.component else value.strip()
    is_nameable = bool(code) and not any(char.isspace() or char in "[]" for char in code)
    return f"[code {code}]" if is_nameable else ""


def _field(one: ShownField, separators: Separators, code: str) -> TreeField:
    is_plain = one.place in ("MSH-2", "FHS-2", "BHS-2")
    parts = [] if is_plain else list(_parts(one, separators, code))[:SHOWN_PARTS]
    segment, _, number = one.place.partition("-")
    name = field_named(segment, int(number)).name
    return TreeField(one.place, name, f"{one.place}{code}", one.value, one.is_hidden, parts)


def _parts(one: ShownField, separators: Separators, code: str) -> Iterator[Part]:
    """Give the filled components of each repetition; none where the field is but one value."""
    repetitions = _split(one.value, separators.repetition)
    if len(repetitions) == 1 and len(_split(one.value, separators.component)) == 1:
        return
    for number, text in enumerate(repetitions, start=1):
        path = one.place if number == 1 else f"{one.place}({number})"
        for component, value in enumerate(_split(text, separators.component), start=1):
            if value:
                yield from _component(f"{path}.{component}", value, separators, code)


def _component(path: str, value: str, separators: Separators, code: str) -> Iterator[Part]:
    subs = _split(value, separators.subcomponent)
    if len(subs) == 1:
        yield Part(f"{path}{code}", value)
        return
    for number, sub in enumerate(subs, start=1):
        if sub:
            yield Part(f"{path}.{number}{code}", sub)


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else [text]
