"""Has a message read again that did not take effect as it should have.

One in quarantine waits again; one that waits is looked at now; of one whose orders are parked,
those are read again from their own segments. One that took effect never does so twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from django.db import connection, transaction

from apps.assignment.choices import PARKED
from apps.assignment.models import Unassigned
from apps.audit.models import AuditEvent
from apps.core import actor, request_id
from apps.core.access import Scope
from apps.core.triggers import DECIDE_CHANNEL
from apps.intake.choices import InboundState
from apps.intake.exceptions import NothingToRunError
from apps.intake.models import InboundMessage
from apps.intake.processing import parked
from apps.intake.queries.inbound import seen
from apps.intake.services.by_hand import run_again


class Ran(StrEnum):
    """What came of running a message again."""

    WAITS = "waits"
    SETTLED = "settled"
    STILL_PARKED = "still_parked"


@transaction.atomic
def run(*, message_id: int, scope: Scope, at: datetime) -> Ran:
    """Have a message take effect again, or its parked orders read again.

    Raises:
        DoesNotExist: the scope holds no message of that id.
        NothingToRunError: it took effect, and none of its orders is parked.
    """
    message = seen(scope).defer("raw", "ack").select_for_update().get(pk=message_id)
    if message.state == InboundState.QUARANTINED:
        run_again(message_ids=[message_id], at=at)
        return Ran.WAITS
    if message.state == InboundState.WAITING:
        _note(message, at)
        _wake()
        return Ran.WAITS
    ids = _parked(message)
    if not ids:
        raise NothingToRunError(message_id, message.state)
    _note(message, at)
    parked.read_again(ids, actor=_actor())
    return Ran.STILL_PARKED if _parked(message) else Ran.SETTLED


@transaction.atomic
def run_many(*, message_ids: Sequence[int], scope: Scope, at: datetime) -> int:
    """Have those of the messages that are in quarantine wait again; return how many were.

    They take effect in the order in which they arrived. Messages outside of the scope, or in
    any other state by now, are left as they are.
    """
    inside = seen(scope).filter(pk__in=message_ids).values_list("pk", flat=True)
    return run_again(message_ids=list(inside), at=at)


def _parked(message: InboundMessage) -> Sequence[int]:
    rows = Unassigned.objects.filter(order__in=message.order_ids, reason__in=PARKED)
    return list(rows.values_list("order_id", flat=True))


def _wake() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, 'by hand')", [DECIDE_CHANNEL])


def _note(message: InboundMessage, at: datetime) -> None:
    AuditEvent.objects.create(
        at=at,
        entity=message._meta.db_table,  # noqa: SLF001 -- Django's public name for it
        entity_id=str(message.pk),
        action="run_again",
        old_values={"state": message.state},
        actor=_actor(),
        request_id=request_id.current(),
    )


def _actor() -> str:
    return str(actor.current() or actor.Actor.system("intake"))
