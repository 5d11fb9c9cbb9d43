"""What the door says of merges: refuses one whose own words tell that it cannot be meant; pure.

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
from apps.intake.choices import ANSWERED_BEFORE_EFFECT, InboundState
from apps.intake.listener.profiles import Profile
from apps.intake.listener.receipts import Receipt
from apps.intake.listener.verdicts import Verdict

MERGE_TYPES = frozenset(f"ADT^{event}" for event in MERGE_EVENTS)
MOST_HELD = 100
"""Of how many merges in one frame the answer waits for what becomes of them: as many as are
decided together. Of more it would wait for seconds, and with it what the connection sends next."""

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


def mark_crowd(receipts: list[Receipt]) -> None:
    """Note on the merges of a frame that has very many of them that their answer does not wait.

    What is refused of them later is put before a person, for its sender was told AA.
    """
    if len(receipts) <= MOST_HELD:
        return
    merges = [place for place, receipt in enumerate(receipts) if is_merge_to_decide(receipt)]
    for place in merges if len(merges) > MOST_HELD else ():
        receipt = receipts[place]
        receipts[place] = receipt._replace(flags=(*receipt.flags, ANSWERED_BEFORE_EFFECT))


def is_merge_to_decide(receipt: Receipt) -> bool:
    """Return whether the message is a merge that is still to take effect."""
    return receipt.message_type in MERGE_TYPES and receipt.state == InboundState.WAITING
