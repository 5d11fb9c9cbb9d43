"""Everything the page of one message shows; what it says of people only where it was opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from apps.assignment.choices import PARKED
from apps.assignment.models import Assignment, Unassigned
from apps.audit.models import AuditEvent
from apps.audit.queries.wording import actor_in_words
from apps.core.access import Scope
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage
from apps.intake.queries import inbound, outbound
from apps.intake.queries.text import FIRST, Part, Text, text_of
from apps.orders.models import Order, PatientMerge
from apps.outbound.models import OutboundMessage

_MOST = 50


@dataclass(frozen=True, slots=True)
class Line:
    """Something that the trail tells of a message or of what it did."""

    at: datetime
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class Trail:
    """The newest lines of a trail, newest first; ``has_more`` says that older ones are left out."""

    lines: Sequence[Line]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Told:
    """An order of a message as it is now; ``reason`` is why it has no reader."""

    order: Order
    reason: str
    is_parked: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """A reader that a message gave or took: ``reason`` is why they were taken, else empty."""

    assignment: Assignment
    order: Order
    reason: str


@dataclass(frozen=True, slots=True)
class InboundPage:
    """One received message.

    ``told`` are its studies as they are now, ``merges`` what it merged, ``decisions`` what was decided about them as it took
    effect, ``sent`` what went out for it. ``copies`` were made of it by people, ``original`` is
    what it is a copy of, where the viewer sees that one.
    """

    message: InboundMessage
    text: Text
    answer: Text
    told: Sequence[Told]
    merges: Sequence[PatientMerge]
    decisions: Sequence[Decision]
    copies: Sequence[InboundMessage]
    original: InboundMessage | None
    sent: Sequence[OutboundMessage]
    trail: Trail

    @property
    def can_run(self) -> bool:
        """Return whether a person can have it, or its parked orders, read again."""
        return can_run(self.message, self.told)


@dataclass(frozen=True, slots=True)
class OutboundPage:
    """One message to a destination."""

    message: OutboundMessage
    text: Text
    trail: Trail


def inbound_message(message_id: int, scope: Scope) -> InboundMessage | None:
    """Return the message without its bytes, None where the scope holds none of that key."""
    return inbound.seen(scope).defer("raw").filter(pk=message_id).first()


def outbound_message(message_id: int, scope: Scope) -> OutboundMessage | None:
    """Return the message without its bytes, None where the scope holds none of that key."""
    rows = outbound.seen(scope).select_related("destination", "order").defer("payload")
    return rows.filter(pk=message_id).first()


def inbound_page(
    message: InboundMessage, scope: Scope, *, is_open: bool = False, part: Part = FIRST
) -> InboundPage:
    """Return what the page of a received message shows.

    Args:
        message: in the viewer's scope.
        scope: where the viewer may look at messages.
        is_open: whether what it says of people is shown; the opening is in the trail by then.
        part: which of its lines are shown.
    """
    raw = bytes(message.raw)
    told = orders_of(message, scope)
    return InboundPage(
        message=message,
        text=text_of(raw, is_open=is_open, part=part),
        answer=text_of(bytes(message.ack or b""), is_open=is_open, like=raw),
        told=told,
        merges=_merges(message),
        decisions=_decisions(message, told),
        copies=_copies(message, scope),
        original=_original(message, scope),
        sent=_sent(message, told),
        trail=_trail("intake_inboundmessage", message.pk),
    )


def outbound_page(
    message: OutboundMessage, *, is_open: bool = False, part: Part = FIRST
) -> OutboundPage:
    """Return what the page of a message to a destination shows."""
    return OutboundPage(
        message=message,
        text=text_of(bytes(message.payload), is_open=is_open, part=part),
        trail=_trail("outbound_outboundmessage", message.pk),
    )


def orders_of(message: InboundMessage, scope: Scope) -> list[Told]:
    """Return the orders that a message told of, and why one of them waits."""
    orders = inbound.orders_of([message], scope)
    waiting = Unassigned.objects.filter(order__in=orders).defer("trace")
    reasons = {row.order_id: row for row in waiting}
    return [_told(orders[key], reasons.get(key)) for key in message.order_ids if key in orders]


def can_run(message: InboundMessage, told: Iterable[Told]) -> bool:
    """Return whether there is something to be read again, or to be looked at now."""
    waits = message.state in (InboundState.QUARANTINED, InboundState.WAITING)
    return waits or any(one.is_parked for one in told)


def _told(order: Order, row: Unassigned | None) -> Told:
    if row is None:
        return Told(order, "", is_parked=False)
    return Told(order, row.get_reason_display(), is_parked=row.reason in PARKED)


def _decisions(message: InboundMessage, told: Sequence[Told]) -> list[Decision]:
    """Return the readers that were given and taken at the moment at which it took effect."""
    at = message.processed_at
    if at is None or not told:
        return []
    orders = {one.order.pk: one.order for one in told}
    rows = Assignment.objects.filter(Q(assigned_at=at) | Q(ended_at=at), order__in=orders)
    return [
        Decision(
            row, orders[row.order_id], row.get_end_reason_display() if row.ended_at == at else ""
        )
        for row in rows.select_related("radiologist").defer("trace").order_by("pk")[:_MOST]
    ]


def _merges(message: InboundMessage) -> list[PatientMerge]:
    if not message.message_type.startswith("ADT"):
        return []
    return list(PatientMerge.objects.filter(message_id=message.pk).order_by("pk")[:_MOST])


def _copies(message: InboundMessage, scope: Scope) -> list[InboundMessage]:
    rows = inbound.seen(scope).filter(copy_of=message.pk).defer("raw", "ack")
    return list(rows.order_by("-pk")[:_MOST])


def _original(message: InboundMessage, scope: Scope) -> InboundMessage | None:
    if message.copy_of is None:
        return None
    return inbound.seen(scope).filter(pk=message.copy_of).defer("raw", "ack").first()


def _sent(message: InboundMessage, told: Sequence[Told]) -> list[OutboundMessage]:
    """Return what went out for it: what was decided about its orders as it took effect."""
    if message.processed_at is None or not told:
        return []
    rows = OutboundMessage.objects.filter(
        order__in=[one.order.pk for one in told], created_at=message.processed_at
    )
    return list(
        rows.select_related("destination", "order").defer("payload").order_by("pk")[:_MOST]
    )


def _trail(entity: str, key: int) -> Trail:
    rows = AuditEvent.objects.filter(entity=entity, entity_id=str(key))
    # Sorted by the bare key, PostgreSQL may walk the whole trail backwards instead of the index.
    found = list(rows.order_by((F("pk") + 0).desc())[: _MOST + 1])
    return Trail([_line(row) for row in found[:_MOST]], has_more=len(found) > _MOST)


def _line(event: AuditEvent) -> Line:
    words = _DEEDS.get(event.action, event.action.replace("_", " ").capitalize())
    said = event.new_values if isinstance(event.new_values, dict) else {}
    reason = f": “{said['reason']}”" if said.get("reason") else ""
    return Line(event.at, f"{words}{reason}", actor_in_words(event.actor))


_DEEDS = {
    "open": "Patient data was looked at",
    "run_again": "Run again",
    "resend": "Queued again",
    "withdraw": "Skipped",
    "copy": "An edited copy was run",
    "enter": "Entered as an edited copy",
}
