"""Lets messages out of quarantine, when what made them fail was mended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from apps.audit.models import AuditEvent
from apps.core import actor, request_id
from apps.core.triggers import DECIDE_CHANNEL
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage


@transaction.atomic
def run_again(*, message_ids: Iterable[int], at: datetime) -> int:
    """Let quarantined messages wait for their turn again; return how many.

    A message that took effect already is left alone: running it a second time could undo what
    came after it.
    """
    found = list(
        InboundMessage.objects.filter(pk__in=message_ids, state=InboundState.QUARANTINED)
        .order_by("pk")
        .defer("raw")
        .select_for_update()
    )
    who = actor.current() or actor.Actor.system("intake")
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=at,
            entity="intake_inboundmessage",
            entity_id=str(message.pk),
            action="run_again",
            old_values={"state": message.state, "attempts": message.attempts},
            new_values={"state": InboundState.WAITING.value},
            actor=str(who),
            request_id=request_id.current(),
        )
        for message in found
    )
    InboundMessage.objects.filter(pk__in=[message.pk for message in found]).update(
        state=InboundState.WAITING, attempts=0, error="", processed_at=None
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [DECIDE_CHANNEL])
    return len(found)
