"""Refuses at the door a merge whose own words tell that it cannot be meant; pure.

Nothing but the message is needed to see that a patient would be merged into itself, so its
sender hears it at once, whoever is away behind the door. What only the order of events tells, a
circle, is found as the message takes effect: see ``effects``.
"""

from __future__ import annotations

from apps.hl7v2.ack import Outcome
from apps.hl7v2.errors import FieldError
from apps.hl7v2.merges import MERGE_EVENTS, read_number_pairs
from apps.hl7v2.message import Message
from apps.hl7v2.peek import Peek
from apps.intake.choices import InboundState
from apps.intake.listener.profiles import Profile
from apps.intake.listener.verdicts import Verdict

_MOST_BYTES = 32 * 1024
"""Of a longer one only processing looks inside: the door is shared by all connections."""


def judge_merge(
    verdict: Verdict, raw: bytes, seen: Peek, *, profile: Profile, issuer: str
) -> Verdict:
    """Return the verdict, or the refusal of a patient that is merged into itself."""
    is_merge = seen.message_code == "ADT" and seen.trigger in MERGE_EVENTS
    if not is_merge or verdict.state is not InboundState.WAITING or len(raw) > _MOST_BYTES:
        return verdict
    if "patient_id" in profile.places:
        # Its numbers stand elsewhere; processing, which reads through the mapping, refuses it.
        return verdict
    try:
        read_number_pairs(
            Message(raw, fallback=profile.character_set.encode("ascii")), issuer=issuer
        )
    except FieldError as error:
        return Verdict(Outcome.ERROR, InboundState.REFUSED, "", error)
    return verdict
