"""Turns the results of a submission into the bytes that its sender gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from apps.hl7v2.ack import Outcome
from apps.hl7v2.mllp import frame
from apps.hl7v2.peek import Peek
from apps.intake.listener.receipts import Failure, Receipt, Result
from apps.intake.listener.reception import NOT_NOW, Submission, refusal_of, split_answers

NO_ANSWER = "none"
CLOSED = "closed"


class Answers(NamedTuple):
    """What goes onto the wire for one frame.

    ``codes`` holds one code for each message in the frame, for counting. ``must_close`` means
    that nobody knows whether the commit arrived, so that nothing may be said.
    """

    wire: bytes
    codes: list[str]
    must_close: bool = False


def answers_to(submission: Submission, results: Sequence[Result]) -> Answers:
    """Return the answers of a frame, in the order of its messages.

    A batch (FHS or BHS) is answered by one batch of the single answers, in one frame, with the
    sender's own files, batches and delimiters. Where none of its messages wants an answer there
    is none. Several messages without a batch get their answers one by one. Source: HL7 v2.5.1
    2.10.2.
    """
    if Failure.UNKNOWN in results:
        return Answers(b"", [CLOSED] * len(results), must_close=True)
    rows = zip(submission.receipts, submission.seen, results, strict=True)
    answered = [_answer_of(receipt, seen, result) for receipt, seen, result in rows]
    for away in submission.turned_away:
        answered.insert(away.place, (away.ack, away.ack_code))
    acks = [split_answers(ack) if ack else [] for ack, _ in answered]
    codes = [code or NO_ANSWER for _, code in answered]
    if submission.envelope and any(acks):
        return Answers(frame(submission.envelope.wrap(acks)), codes)
    return Answers(b"".join(frame(single) for some in acks for single in some), codes)


def _answer_of(receipt: Receipt, seen: Peek, result: Result) -> tuple[bytes | None, str]:
    if isinstance(result, Failure):
        return refusal_of(receipt, seen, Outcome.REJECTED, NOT_NOW)
    return result
