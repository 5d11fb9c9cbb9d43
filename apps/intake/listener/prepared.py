"""The answers to one message, made before it is stored."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from apps.hl7v2.ack import Outcome, answer_codes, build_answers
from apps.hl7v2.peek import Peek
from apps.intake.listener.peers import Peer
from apps.intake.listener.verdicts import Verdict


class Arrival(NamedTuple):
    """Where and when a frame came in; ``seq`` orders it, and names our answer (MSH-10).

    ``speaker`` is who sent it, as far as it has to be asked for whom they may speak; None for
    what came by another way than a connection.
    """

    seq: int
    at: datetime
    peer: str
    speaker: Peer | None = None


def prepare_answers(seen: Peek, verdict: Verdict, arrival: Arrival) -> bytes | None:
    """Return the answers one after another, or None where the sender wants none."""
    answers = build_answers(
        seen,
        verdict.outcome,
        control_id=str(arrival.seq),
        at=arrival.at,
        text=verdict.text,
        error=verdict.error,
    )
    return b"".join(answers) or None


def final_code(seen: Peek, outcome: Outcome) -> str:
    """Return the last MSA-1 that the sender hears, or nothing."""
    codes = answer_codes(seen, outcome)
    return codes[-1].value if codes else ""


def split_answers(ack: bytes) -> list[bytes]:
    """Return the single answers of what ``prepare_answers`` joined."""
    starts = [0]
    while (start := ack.find(b"\rMSH", starts[-1])) >= 0:
        starts.append(start + 1)
    return [ack[start:end] for start, end in pairwise([*starts, len(ack)])]
