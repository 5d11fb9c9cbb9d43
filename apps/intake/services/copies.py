"""Runs an edited copy of a message: stored as a message of its own, then like any other.

Nothing can happen twice: the very same bytes are a message that is known already, and another
message about an order that has a reader changes that order and leaves it its reader while they
are fit.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from apps.audit.models import AuditEvent
from apps.core import actor, bulk, request_id
from apps.core.access import Scope
from apps.core.triggers import DECIDE_CHANNEL
from apps.intake.choices import InboundState
from apps.intake.exceptions import NotRunnableError, StaleCopyError
from apps.intake.listener.receipts import Receipt
from apps.intake.models import InboundMessage, MessageKey
from apps.intake.policies import check_can_copy
from apps.intake.queries.copies import outcome_of, seen_of

_ENTITY = "intake_inboundmessage"


class Entered(NamedTuple):
    """The message that a copy became; not new where these very bytes were known already."""

    message_id: int
    is_new: bool


@transaction.atomic
def run_copy(
    *, original: InboundMessage, raw: bytes, seen: str, scope: Scope, at: datetime
) -> Entered:
    """Store an edited copy as a message that was just received, and wake the decider.

    Args:
        original: what it is a copy of; in the person's scope.
        raw: the copy.
        seen: the digest of what the person was shown, by ``seen_of``.
        scope: where the person may run messages.
        at: the moment of arrival; the copy takes effect behind everything that came before.

    Raises:
        NotCopyableError: the original is not edited on a page.
        NotRunnableError: with the reason in words.
        StaleCopyError: it is another text than was shown, or would touch something else by now.
    """
    check_can_copy(original)
    outcome = outcome_of(original, raw, scope=scope, at=at)
    if outcome.problem or outcome.receipt is None:
        raise NotRunnableError(outcome.problem)
    # Of bytes that are known already nothing is run: a second click leads to the first one's.
    if outcome.twin is None and seen != seen_of(raw, outcome):
        raise StaleCopyError
    entered = _store(outcome.receipt, original, at)
    if entered.is_new:
        _note("copy", original.pk, {"message": entered.message_id}, at)
        _note("enter", entered.message_id, {"copy_of": original.pk}, at)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, 'copy')", [DECIDE_CHANNEL])
    return entered


def _store(receipt: Receipt, original: InboundMessage, at: datetime) -> Entered:
    """Claim the key, then write the row; of two that press at once the second finds the first."""
    # Fresh, not from a block that the process keeps: keys of messages ascend with time.
    fresh = bulk.next_ids(InboundMessage, 1)[0]
    key, is_new = MessageKey.objects.get_or_create(key=receipt.key, defaults={"message_id": fresh})
    if not is_new:
        return Entered(key.message_id, is_new=False)
    values = {name: value for name, value in receipt._asdict().items() if name != "key"}
    InboundMessage.objects.create(
        **values | {"order_keys": list(receipt.order_keys)},
        pk=fresh,
        processed_at=at if receipt.state == InboundState.IGNORED else None,
        copy_of=original.pk,
        entered_by=_actor()[:160],
    )
    return Entered(fresh, is_new=True)


def _note(action: str, message_id: int, values: dict[str, Any], at: datetime) -> None:
    AuditEvent.objects.create(
        at=at,
        entity=_ENTITY,
        entity_id=str(message_id),
        action=action,
        new_values=values,
        actor=_actor(),
        request_id=request_id.current(),
    )


def _actor() -> str:
    return str(actor.current() or actor.Actor.system("intake"))
