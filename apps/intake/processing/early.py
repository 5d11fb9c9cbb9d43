"""Reports that overtake the order they report, as two connections may deliver them.

What the report says is not kept but its message: when the order comes, that is read again, so
that a patient's name stands in one place only. A number may be in use twice in a house, so the
report counts for an order of the same patient alone, and for a few days.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime, timedelta

from apps.hl7v2.errors import FieldError
from apps.intake.models import InboundMessage
from apps.intake.processing.changes import OrderChange
from apps.intake.processing.reading import read_message
from apps.intake.processing.session import Session
from apps.orders.choices import OrderStatus
from apps.orders.identity import Identity
from apps.orders.lifecycle import REPORTED

COUNTS_FOR = timedelta(days=7)
"""An interface that was down for a long weekend delivers within this."""


def keep_early_report(session: Session, change: OrderChange, *, message_id: int) -> None:
    """Remember what reports an order that nobody knows yet; its cancel is a cancel."""
    if change.report is OrderStatus.CANCELLED:
        session.identities.keep_cancel(
            change.issuer, change.cancels, at=session.at, message_id=message_id
        )
    elif change.report in REPORTED:
        session.identities.keep_report(
            change.issuer,
            change.own_identities,
            at=session.at,
            message_id=message_id,
            is_latest=change.report is not OrderStatus.PRELIMINARY,
        )


def early_report(session: Session, change: OrderChange, *, at: datetime) -> OrderStatus | None:
    """Return what was reported of an order before it came, None when nothing was."""
    own = change.own_identities
    ids = session.identities.reported_by(change.issuer, own)
    if not ids:
        return None
    came = InboundMessage.objects.filter(pk__in=ids, received_at__gte=at - COUNTS_FOR)
    said = [_said(session, bytes(row.raw), change, own) for row in came.order_by("arrival_seq")]
    return next((status for status in reversed(said) if status is not None), None)


def joint(said: Set[OrderStatus]) -> OrderStatus:
    """Return what several parts of one report make of it."""
    for status in (OrderStatus.PRELIMINARY, OrderStatus.AMENDED):
        if status in said:
            return status
    return OrderStatus.FINAL


def _said(
    session: Session, raw: bytes, change: OrderChange, own: Sequence[Identity]
) -> OrderStatus | None:
    try:
        reading = read_message(raw, catalogue=session.catalogue)
    except FieldError:
        return None
    statuses = {
        told.report
        for told in reading.changes
        if told.issuer == change.issuer
        and told.report in REPORTED
        and set(own).intersection(told.own_identities)
        and _is_of_same(session, told, change)
    }
    return joint(statuses) if statuses else None


def _is_of_same(session: Session, told: OrderChange, change: OrderChange) -> bool:
    """Return whether a report may be of the order: of its patient, and of no other procedure."""
    codes = {told.procedure_code, change.procedure_code} - {""}
    patients = {session.patients.key_of(row.patient) for row in (told, change) if row.patient}
    return len(codes) < 2 and len(patients) < 2
