"""What a destination would be told, shown before it is: every segment, and what was set in it.

The reader is made up; the order is a real one, or one that is made up too. What a real order
says of people is hidden unless it was opened, and the opening is in the trail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from apps.audit.models import AuditEvent
from apps.core import actor, request_id
from apps.core.legible import legible
from apps.hl7v2.emit import Composed, Line
from apps.hl7v2.errors import FieldError
from apps.hl7v2.masking import ShownField, shown_segments
from apps.orders.models import Order
from apps.outbound.choices import OutboundKind
from apps.outbound.queries.destinations import Profile
from apps.outbound.services.notices import Notice, Reader
from apps.outbound.services.render import render_segments

SHOWN_SEGMENTS = 60
_SMITH = Reader("DR_SMITH_ID", "Smith", "John")
_JONES = Reader("DR_JONES_ID", "Jones", "Mary")
_CONTROL_ID = "PREVIEW"
_HEADER = (
    b"MSH|^~\\&|PACS|Robina|ASSIGNMENT_ENGINE|ENTERPRISE|20260204120530||ORM^O01|||2.5.1\r"
    b"PID|1||MRN123^^^Robina||Doe^John||19800115|M\r"
)
_GROUP = (
    b"OBR|1|STUDY_ID_123|ACCESSION_456|MRI MSK^MRI MUSCULOSKELETAL|||20260204120000|||^^^MSK|\r"
    b"OBX|1|TX|Indication^Clinical Indication||Patient with knee pain\r"
    b"ZRD|1|Robina^Site Code|MRI^Modality|STAT^Urgency\r"
)
_TOLD = (
    (OutboundKind.ASSIGNED, _SMITH, None, ""),
    (OutboundKind.REASSIGNED, _JONES, _SMITH, ""),
    (OutboundKind.UNASSIGNED, None, _JONES, "at_capacity"),
    (OutboundKind.CANCELLED, None, _JONES, "cancelled"),
)


@dataclass(frozen=True, slots=True)
class PartShown:
    """One field of a segment, and whether it was set."""

    value: str
    is_set: bool
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class SegmentShown:
    """One segment: its name, then its fields, a separator between any two."""

    name: str
    parts: Sequence[PartShown]
    is_ours: bool


@dataclass(frozen=True, slots=True)
class MessageShown:
    """What one kind of decision tells; ``left_out`` counts the segments beyond the first 60."""

    kind: str
    separator: str
    segments: Sequence[SegmentShown]
    left_out: int = 0
    problem: str = ""


def messages_shown(
    profile: Profile, order: Order | None, at: datetime, *, is_open: bool = False
) -> list[MessageShown]:
    """Return what is told of the order when it is assigned, moved, unassigned and cancelled.

    Args:
        profile: how it is written.
        order: with its segments; None is the made-up one.
        at: the moment of the decisions.
        is_open: whether what the order says of people is shown; the made-up one hides nothing.
    """
    made = _notice(order, at)
    return [
        _shown(
            replace(made, kind=kind, reader=reader, before=before, reason=reason),
            profile,
            is_open=is_open or order is None,
        )
        for kind, reader, before, reason in _TOLD
    ]


@transaction.atomic
def note_opening(order: Order, *, at: datetime) -> None:
    """Leave the audit line of somebody who looks at an order's patient data in a message."""
    AuditEvent.objects.create(
        at=at,
        entity="orders_ordersegments",
        entity_id=str(order.pk),
        action="open",
        actor=str(actor.current() or actor.Actor.system("outbound")),
        request_id=request_id.current(),
    )


def _notice(order: Order | None, at: datetime) -> Notice:
    application, _, facility = (order.sender if order else "PACS^Robina").partition("^")
    return Notice(
        order_id=order.pk if order else 1,
        assignment_id=None,
        kind=OutboundKind.ASSIGNED,
        header=bytes(order.segments.header) if order else _HEADER,
        group=bytes(order.segments.group) if order else _GROUP,
        application=application,
        facility=facility,
        site_id=order.site_id if order else None,
        at=at,
        shift_code="MRI_MSK_ROBINA",
        shift_name="MRI MSK Robina",
        strategy="LOAD_BALANCED",
    )


def _shown(notice: Notice, profile: Profile, *, is_open: bool) -> MessageShown:
    label = str(notice.kind.label)
    try:
        composed = render_segments(notice, profile, _CONTROL_ID)
    except FieldError as error:
        return MessageShown(label, "|", (), problem=str(error))
    lines = composed.lines[:SHOWN_SEGMENTS]
    segments = [_segment(line, composed, is_open=is_open) for line in lines]
    left_out = len(composed.lines) - len(segments)
    return MessageShown(label, composed.separators.field, segments, left_out)


def _segment(line: Line, composed: Composed, *, is_open: bool) -> SegmentShown:
    header = composed.lines[0].raw
    # A value's own line ends are no segments: they are drawn as what they are.
    text = legible(line.raw.replace(b"\n", b" "), header=header).replace("\n", " ")
    beginning = f"MSH{composed.separators.field}{composed.separators.encoding}"
    masked, opened = (
        shown_segments(text if line.name == "MSH" else f"{beginning}\n{text}", is_open=is_shown)[
            -1
        ]
        for is_shown in (is_open, True)
    )
    values = {field.place: field for field in masked.fields}
    own = {field.place: field for field in opened.fields}
    begins = 2 if line.name == "MSH" else 1
    count = len(opened.line.split(composed.separators.field)) - 1
    return SegmentShown(
        line.name,
        [
            _part(number, f"{line.name}-{number}", line, values, own)
            for number in range(begins, begins + count)
        ],
        is_ours=line.touched is None,
    )


def _part(
    number: int,
    place: str,
    line: Line,
    masked: dict[str, ShownField],
    opened: dict[str, ShownField],
) -> PartShown:
    """Return the field; what we set ourselves names no patient, and is shown."""
    is_set = line.touched is None or number in line.touched
    field = (opened if is_set and line.name != "IPC" else masked).get(place)
    if field is None:
        return PartShown("", is_set and line.touched is not None)
    return PartShown(field.value, is_set, field.is_hidden)
