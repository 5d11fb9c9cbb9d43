"""What an answer means for the message it answers. Source: spec 4; HL7 table 0008."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from apps.hl7v2.answers import Answer


class Fate(StrEnum):
    """What becomes of a message after an attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A fate, the word for metrics, and the reason that a person reads; empty when delivered."""

    fate: Fate
    result: str
    error: str = ""


def verdict_on(answer: Answer) -> Verdict:
    """Return what an answer to this very message (its MSA-2 was compared) decides.

    AE and CE say that the same bytes will fail again; AR and CR, and words outside the table,
    that they were not taken now.
    """
    if answer.is_accepted:
        return Verdict(Fate.DELIVERED, "delivered")
    said = f"{answer.code or 'an empty MSA-1'}: {answer.text}" if answer.text else answer.code
    if answer.is_error:
        return Verdict(Fate.DEAD, "error", f"the destination answered {said}")
    return Verdict(Fate.RETRY, "rejected", f"the destination answered {said or 'an empty MSA-1'}")
