"""What a person does with messages that were set aside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from apps.audit.models import AuditEvent
from apps.core import actor, request_id
from apps.core.triggers import DECIDE_CHANNEL
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage

_ENTITY = "intake_inboundmessage"


@transaction.atomic
def run_again(*, message_ids: Iterable[int], at: datetime) -> int:
    """Let quarantined messages wait to take effect once more; return how many.

    They go before what waits now, because they arrived before it. Messages in any other state
    are left as they are: one that took effect must not do so twice.
    """
    messages = list(
        InboundMessage.objects.filter(pk__in=message_ids, state=InboundState.QUARANTINED)
        .order_by("pk")
        .defer("raw", "ack")
        .select_for_update()
    )
    InboundMessage.objects.filter(pk__in=[message.pk for message in messages]).update(
        state=InboundState.WAITING, attempts=0, error="", processed_at=None
    )
    AuditEvent.objects.bulk_create(_event(message, at) for message in messages)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, 'quarantine')", [DECIDE_CHANNEL])
    return len(messages)


def _event(message: InboundMessage, at: datetime) -> AuditEvent:
    return AuditEvent(
        at=at,
        entity=_ENTITY,
        entity_id=str(message.pk),
        action="run_again",
        old_values={
            "state": message.state,
            "attempts": message.attempts,
            "error": message.error,
        },
        new_values={"state": InboundState.WAITING.value, "attempts": 0, "error": ""},
        actor=str(actor.current() or actor.Actor.system("intake")),
        request_id=request_id.current(),
    )
