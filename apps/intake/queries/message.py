"""Everything the page of one message shows; what it says of people only where it was opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.assignment.choices import PARKED
from apps.assignment.models import Unassigned
from apps.audit.models import AuditEvent
from apps.audit.queries.wording import actor_in_words
from apps.core.access import Scope
from apps.core.legible import legible
from apps.hl7v2.masking import ShownSegment, shown_segments
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage
from apps.intake.queries import inbound, outbound
from apps.orders.models import Order
from apps.outbound.models import OutboundMessage

SHOWN_BYTES = 64 * 1024
"""Of a longer message the beginning is shown."""
_MOST = 50


@dataclass(frozen=True, slots=True)
class Text:
    """A message segment by segment; ``is_cut`` where only its beginning is shown."""

    segments: Sequence[ShownSegment]
    is_open: bool
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Line:
    """Something that the trail tells of a message or of what it did."""

    at: datetime
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class Told:
    """An order of a message as it is now; ``reason`` is why it has no reader."""

    order: Order
    reason: str
    is_parked: bool


@dataclass(frozen=True, slots=True)
class InboundPage:
    """One received message; ``sent`` went out for it, ``trail`` is newest first."""

    message: InboundMessage
    text: Text
    answer: Text
    told: Sequence[Told]
    sent: Sequence[OutboundMessage]
    trail: Sequence[Line]

    @property
    def can_run(self) -> bool:
        """Return whether a person can have it, or its parked orders, read again."""
        return can_run(self.message, self.told)


@dataclass(frozen=True, slots=True)
class OutboundPage:
    """One message to a destination; ``trail`` is newest first."""

    message: OutboundMessage
    text: Text
    trail: Sequence[Line]


def inbound_message(message_id: int, scope: Scope) -> InboundMessage | None:
    """Return the message without its bytes, None where the scope holds none of that key."""
    return inbound.seen(scope).defer("raw").filter(pk=message_id).first()


def outbound_message(message_id: int, scope: Scope) -> OutboundMessage | None:
    """Return the message without its bytes, None where the scope holds none of that key."""
    rows = outbound.seen(scope).select_related("destination", "order").defer("payload")
    return rows.filter(pk=message_id).first()


def inbound_page(message: InboundMessage, scope: Scope, *, is_open: bool = False) -> InboundPage:
    """Return what the page of a received message shows.

    Args:
        message: in the viewer's scope.
        scope: where the viewer may look at messages.
        is_open: whether what it says of people is shown; the opening is in the trail by then.
    """
    raw = bytes(message.raw)
    told = orders_of(message, scope)
    return InboundPage(
        message=message,
        text=_text(raw, is_open=is_open),
        answer=_text(bytes(message.ack or b""), is_open=is_open, like=raw),
        told=told,
        sent=_sent(message, told),
        trail=_trail("intake_inboundmessage", message.pk),
    )


def outbound_page(message: OutboundMessage, *, is_open: bool = False) -> OutboundPage:
    """Return what the page of a message to a destination shows."""
    return OutboundPage(
        message=message,
        text=_text(bytes(message.payload), is_open=is_open),
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


def _text(raw: bytes, *, is_open: bool, like: bytes = b"") -> Text:
    shown = legible(raw[:SHOWN_BYTES], header=raw[:SHOWN_BYTES] or like[:SHOWN_BYTES])
    segments = shown_segments(shown, is_open=is_open)
    return Text(segments, is_open, is_cut=len(raw) > SHOWN_BYTES)


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


def _trail(entity: str, key: int) -> list[Line]:
    rows = AuditEvent.objects.filter(entity=entity, entity_id=str(key))
    return [_line(row) for row in sorted(rows[:_MOST], key=lambda row: -row.pk)]


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
}
