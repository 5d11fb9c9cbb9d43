"""What becomes of a message, judged by its header and its sender's profile; pure."""

from __future__ import annotations

from typing import NamedTuple

from apps.hl7v2.ack import Outcome
from apps.hl7v2.errors import FieldError
from apps.hl7v2.peek import Peek, needs_answer
from apps.intake.choices import InboundState
from apps.intake.listener.profiles import Profile

RECEIVED = "Message received"
NOT_USED = "Message received, not used"


class Verdict(NamedTuple):
    """What becomes of a message, before anything is stored."""

    outcome: Outcome
    state: InboundState
    text: str
    error: FieldError | None


def judge(seen: Peek, profile: Profile) -> Verdict:
    """Decide what becomes of a message. Source: spec 1, ACK."""
    if not needs_answer(seen):
        return Verdict(Outcome.ACCEPTED, InboundState.IGNORED, "", None)
    if seen.error is not None:
        return Verdict(Outcome.ERROR, InboundState.REFUSED, "", seen.error)
    is_used = _is_used(seen)
    refusal = profile.refusal(seen, is_used=is_used)
    if refusal is not None:
        return Verdict(Outcome.REJECTED, InboundState.REFUSED, "", refusal)
    if not is_used:
        return Verdict(Outcome.ACCEPTED, InboundState.IGNORED, NOT_USED, None)
    return Verdict(Outcome.ACCEPTED, InboundState.WAITING, RECEIVED, None)


def _is_used(seen: Peek) -> bool:
    return (
        seen.is_order
        or seen.message_code == "ADT"
        or (seen.message_code == "ORU" and seen.trigger in ("", "R01"))
    )
