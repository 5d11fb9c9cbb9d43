"""What waits of the senders that a profile reads: parked studies, messages in quarantine.

And the messages of theirs that an editor may take as a sample: what waits first, then the newest
of each type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Max, QuerySet

from apps.assignment.models import Unassigned
from apps.core.access import Scope
from apps.intake.models import InboundMessage, SenderProfile
from apps.intake.queries.inbound import seen
from apps.intake.queries.senders import (
    Known,
    Readers,
    SenderName,
    parked,
    parked_by_sender,
    quarantined,
    quarantined_by_sender,
    readers,
    recent_messages,
    stored_name,
)
from apps.orders.models import OrderSegments

SHOWN = 20
_OF_EACH = 8
RUN_AT_ONCE = 500
"""How many messages in quarantine one save lets run again; more are an accident of their own."""


@dataclass(frozen=True)
class Waiting:
    """What waits of a profile's senders, within a scope."""

    scope: Scope
    readers: Readers
    parked_senders: Sequence[SenderName]
    quarantined_senders: Sequence[SenderName]
    parked_count: int
    quarantined_count: int

    def parked(self) -> QuerySet[Unassigned]:
        """Return the parked studies, most urgent first."""
        names = [f"{name.application}^{name.facility}" for name in self.parked_senders]
        rows = parked(self.scope).filter(order__sender__in=names).select_related("order")
        return rows.defer("trace").order_by("urgency_rank", "since")

    def quarantined(self) -> QuerySet[InboundMessage]:
        """Return the messages in quarantine, newest first."""
        rows = quarantined(self.scope).filter(sender__in=_spelled(self.quarantined_senders))
        return rows.defer("raw", "ack").order_by("-pk")

    def segments(self, limit: int) -> QuerySet[OrderSegments]:
        """Return the segments of the first parked studies, as they came."""
        return OrderSegments.objects.filter(
            order__in=list(self.parked().values_list("order_id", flat=True)[:limit])
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """A message that may be taken as a sample, and why one would."""

    id: int
    message_type: str
    at: datetime
    why: str


def waiting(profile: SenderProfile, scope: Scope) -> Waiting:
    """Return what waits of the senders that a profile reads, as it is, saved or not."""
    reading = readers().reading_with(profile)
    counts = parked_by_sender(scope), quarantined_by_sender(scope)
    return _of(profile, reading, counts, scope)


def waiting_among(known: Known, profile: SenderProfile, scope: Scope) -> Waiting:
    """Return the same of a saved profile, from what is known of all senders already."""
    parked_ones = Counter({name: heard.parked for name, heard in known.senders.items()})
    set_aside = Counter({name: heard.quarantined for name, heard in known.senders.items()})
    return _of(profile, known.readers, (+parked_ones, +set_aside), scope)


_Counts = tuple[Counter[SenderName], Counter[SenderName]]


def _of(profile: SenderProfile, reading: Readers, counts: _Counts, scope: Scope) -> Waiting:
    key = profile.pk or 0
    parked_ones, set_aside = (
        {name: count for name, count in counted.items() if reading.of(name) == key}
        for counted in counts
    )
    return Waiting(
        scope=scope,
        readers=reading,
        parked_senders=list(parked_ones),
        quarantined_senders=list(set_aside),
        parked_count=sum(parked_ones.values()),
        quarantined_count=sum(set_aside.values()),
    )


def offers(
    profile: SenderProfile, found: Waiting, scope: Scope, *, chosen: int | None = None
) -> list[Offer]:
    """Return the messages to take as a sample: what waits, then the newest of each type.

    Args:
        profile: whose senders' messages, saved or not.
        found: what waits of them.
        scope: where the viewer may look at messages.
        chosen: the message that is the sample now; it is among them.
    """
    why: dict[int, str] = {}
    for row in found.parked().filter(order__last_message_id__isnull=False)[:_OF_EACH]:
        why.setdefault(row.order.last_message_id or 0, f"parked: {row.get_reason_display()}")
    for message in found.quarantined()[:_OF_EACH]:
        why.setdefault(message.pk, "in quarantine")
    for key in _newest_of_each_type(profile, found.readers):
        why.setdefault(key, "newest of its type")
    if chosen is not None:
        why.setdefault(chosen, "chosen")
    rows = seen(scope).filter(pk__in=why).values_list("pk", "message_type", "received_at")
    made = {key: Offer(key, kind, at, why[key]) for key, kind, at in rows}
    return [made[key] for key in why if key in made]


def _newest_of_each_type(profile: SenderProfile, reading: Readers) -> list[int]:
    key = profile.pk or 0
    rows = recent_messages().values_list("sender", "message_type").annotate(Max("pk")).order_by()
    newest: dict[str, int] = {}
    for stored, kind, message_id in rows:
        if stored and reading.of(stored_name(stored)) == key:
            newest[kind] = max(newest.get(kind, 0), message_id)
    return sorted(newest.values(), reverse=True)[:_OF_EACH]


def message_sender(message: InboundMessage) -> SenderName:
    """Return who sent a stored message."""
    return stored_name(message.sender)


def quarantined_ids(found: Waiting) -> list[int]:
    """Return the messages that one save lets run again, oldest first."""
    rows = quarantined(found.scope).filter(sender__in=_spelled(found.quarantined_senders))
    # Sorted by the bare key PostgreSQL may walk all messages instead of the few set aside.
    return list(rows.order_by(F("pk") + 0).values_list("pk", flat=True)[:RUN_AT_ONCE])


def _spelled(names: Sequence[SenderName]) -> list[str]:
    return [f"{name.application}{mark}{name.facility}" for name in names for mark in "|^"]
