"""What a person does with messages: send again, withdraw, try a destination at once.

Every step leaves its audit row with the actor, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.audit.models import AuditEvent
from apps.core import actor, request_id
from apps.core.access import EVERYWHERE, Scope
from apps.core.triggers import DELIVER_CHANNEL
from apps.outbound.choices import OutboundState
from apps.outbound.delivery.notices import try_now_notice
from apps.outbound.models import Destination, DestinationLink, OutboundMessage
from apps.outbound.policies import check_can_resend, check_can_withdraw
from apps.outbound.queries.letters import to_resend
from apps.outbound.services.tell import wake_deliverers

_ENTITY = "outbound_outboundmessage"


@transaction.atomic
def resend(*, message_id: int, at: datetime) -> None:
    """Queue a message again, with its MSH-10 and its place before its order's later messages.

    Raises:
        MessageStateError: it is queued already.
    """
    message = OutboundMessage.objects.select_for_update().get(pk=message_id)
    check_can_resend(message)
    _requeue([message], at=at)


@transaction.atomic
def resend_dead(*, destination_id: int, at: datetime, scope: Scope = EVERYWHERE) -> int:
    """Queue a destination's dead letters of these sites again; return how many.

    Those are left of which the destination has taken a later message of the same order: what
    they say is no longer so.
    """
    rows = to_resend(destination_id, scope).defer("payload").select_for_update(of=("self",))
    found = list(rows)
    _requeue(found, at=at)
    return len(found)


@transaction.atomic
def withdraw(*, message_id: int, at: datetime, reason: str = "") -> None:
    """Keep a message from going out; its order's later messages go on.

    One that is on its way at this moment may arrive all the same, and is then delivered.

    Args:
        message_id: the message.
        at: now.
        reason: as a person typed it; kept in the trail.

    Raises:
        MessageStateError: it was delivered, or withdrawn before.
    """
    message = OutboundMessage.objects.select_for_update().get(pk=message_id)
    check_can_withdraw(message)
    values = {"state": OutboundState.CANCELLED}
    _change([message], values, action="withdraw", at=at, reason=reason)
    wake_deliverers()


@transaction.atomic
def try_now(*, destination_id: int, at: datetime) -> None:
    """End a destination's rest after failures: it is tried at once."""
    destination = Destination.objects.get(pk=destination_id)
    DestinationLink.objects.filter(destination=destination).update(next_attempt_at=None)
    _audit(destination, "try_now", at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, %s)", [DELIVER_CHANNEL, try_now_notice(destination_id)]
        )


def _requeue(messages: Sequence[OutboundMessage], *, at: datetime) -> None:
    fresh = {
        "state": OutboundState.QUEUED,
        "attempts": 0,
        "first_sent_at": None,
        "next_attempt_at": at,
        "error": "",
    }
    _change(messages, fresh, action="resend", at=at)
    wake_deliverers()


def _change(
    messages: Sequence[OutboundMessage],
    values: dict[str, Any],
    *,
    action: str,
    at: datetime,
    reason: str = "",
) -> None:
    """Update the rows in one statement, with an audit row for each."""
    said = {"reason": reason} if reason else {}
    OutboundMessage.objects.filter(pk__in=[message.pk for message in messages]).update(**values)
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=at,
            entity=_ENTITY,
            entity_id=str(message.pk),
            action=action,
            old_values={"state": message.state, "attempts": message.attempts},
            new_values={"state": str(values["state"]), **said},
            actor=_actor(),
            request_id=request_id.current(),
        )
        for message in messages
    )


def _audit(destination: Destination, action: str, *, at: datetime) -> None:
    AuditEvent.objects.create(
        at=at,
        entity="outbound_destination",
        entity_id=str(destination.pk),
        action=action,
        actor=_actor(),
        request_id=request_id.current(),
    )


def _actor() -> str:
    return str(actor.current() or actor.Actor.system("outbound"))
