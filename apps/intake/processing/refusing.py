"""Refuses a message that was stored, while its sender may still hear of it.

Its answer is held back meanwhile (``listener.effects``), so the refusal is written where the
answer is read: on the row. Where the sender was told AA before, or a person ran the message
again, AA stays, and the message waits in quarantine with the error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.core import bulk
from apps.hl7v2.errors import FieldError
from apps.hl7v2.late import build_answers_after_refusal, codes_after_refusal
from apps.hl7v2.peek import glance
from apps.intake.choices import ANSWERED_BEFORE_EFFECT
from apps.intake.processing.queue import Waiting

_RECEIVED = "Message received"
_ANSWERED = f"""
    ('{ANSWERED_BEFORE_EFFECT}' = ANY(message.flags) OR message.entered_by <> '' OR by_hand.is_run)
"""
_REFUSE = f"""
    UPDATE intake_inboundmessage AS message SET
        state = CASE WHEN {_ANSWERED} THEN 'quarantined' ELSE 'refused' END,
        processed_at = CASE WHEN {_ANSWERED} THEN %s::timestamptz END,
        ack = CASE WHEN {_ANSWERED} THEN message.ack ELSE %s::bytea END,
        ack_code = CASE WHEN {_ANSWERED} THEN message.ack_code ELSE %s END,
        flags = ARRAY(SELECT DISTINCT unnest(message.flags || %s::text[])),
        error = %s
    FROM (
        SELECT EXISTS (
            SELECT FROM audit_auditevent
            WHERE entity = 'intake_inboundmessage' AND entity_id = %s AND action = 'run_again'
        ) AS is_run
    ) AS by_hand
    WHERE message.id = %s AND message.state = 'waiting'
"""  # noqa: S608 -- our own words


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that cannot take effect, through its sender's fault."""

    message: Waiting
    error: FieldError
    flags: Sequence[str] = ()


def refuse(refusals: Iterable[Refusal], *, at: datetime) -> int:
    """Write why, and the answer that tells it; return how many still waited."""
    return sum(_refuse(refusal, at) for refusal in refusals)


def _refuse(refusal: Refusal, at: datetime) -> int:
    message = refusal.message
    seen = glance(message.raw)
    answers = build_answers_after_refusal(
        seen,
        control_id=str(message.arrival_seq),
        at=message.received_at,
        text=_RECEIVED,
        error=refusal.error,
    )
    codes = codes_after_refusal(seen)
    return bulk.execute(
        _REFUSE,
        [
            at,
            b"".join(answers) or None,
            codes[-1].value if codes else "",
            [flag[:64] for flag in refusal.flags],
            str(refusal.error),
            str(message.id),
            message.id,
        ],
    )
