"""Messages through the listener's own reading into the store, without a socket."""

from __future__ import annotations

import itertools

from apps.core import clock
from apps.intake.listener.profiles import COLUMNS, Profile, Profiles
from apps.intake.listener.receipts import Receipt
from apps.intake.listener.reception import Arrival, Reception
from apps.intake.models import InboundMessage, MessageKey, SenderProfile

_steps = itertools.count(1)


def post(raw: bytes) -> list[InboundMessage]:
    """Store what one frame holds, as the listener does; return its rows, without resends."""
    profiles = Profiles.of(Profile(**row) for row in SenderProfile.objects.values(*COLUMNS))
    reception, now = Reception(profiles), clock.now()
    seq = reception.next_seq(int(now.timestamp() * 1_000_000) + next(_steps))
    submission = reception.receive(raw, Arrival(seq, now, "peer"))
    return [row for receipt in submission.receipts if (row := _store(receipt)) is not None]


def _store(receipt: Receipt) -> InboundMessage | None:
    values = receipt._asdict()
    key = values.pop("key")
    if key is not None and MessageKey.objects.filter(key=key).exists():
        return None
    is_ignored = receipt.state == "ignored"
    row = InboundMessage.objects.create(
        **{**values, "order_keys": list(receipt.order_keys)},
        processed_at=receipt.received_at if is_ignored else None,
    )
    if key is not None:
        MessageKey.objects.create(key=key, message_id=row.pk)
    return row
