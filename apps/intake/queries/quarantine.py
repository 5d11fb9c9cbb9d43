"""Messages that were set aside, chosen to be run again."""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.access import Scope
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage
from apps.intake.queries.inbound import seen

MOST_AT_ONCE = 200
"""How many messages are run again in one go."""


def quarantined(message_ids: Sequence[int], scope: Scope) -> list[InboundMessage]:
    """Return those of the messages that are in quarantine, in the order in which they arrived."""
    rows = seen(scope).filter(pk__in=message_ids, state=InboundState.QUARANTINED)
    return list(rows.defer("raw", "ack").order_by("arrival_seq", "pk")[:MOST_AT_ONCE])
