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
    sender's own batch delimiters. Several messages without a batch get their answers one by one.
    Source: HL7 v2.5.1 2.10.2.
    """
    if Failure.UNKNOWN in results:
        return Answers(b"", [CLOSED] * len(results), must_close=True)
    acks: list[bytes] = []
    codes: list[str] = []
    for receipt, seen, result in zip(submission.receipts, submission.seen, results, strict=True):
        ack, code = _answer_of(receipt, seen, result)
        codes.append(code or NO_ANSWER)
        if ack:
            acks.append(ack)
    if submission.envelope and acks:
        return Answers(frame(_in_batch(submission.envelope, acks)), codes)
    wire = b"".join(frame(single) for ack in acks for single in split_answers(ack))
    return Answers(wire, codes)


def _answer_of(receipt: Receipt, seen: Peek, result: Result) -> tuple[bytes | None, str]:
    if isinstance(result, Failure):
        return refusal_of(receipt, seen, Outcome.REJECTED, NOT_NOW)
    return result


def _in_batch(envelope: bytes, acks: list[bytes]) -> bytes:
    """Return the answers between BHS and BTS, and FHS and FTS where the sender had them.

    The headers keep delimiters and names of the sender's, with sender and receiver swapped.
    """
    headers = [line for line in envelope.replace(b"\n", b"\r").split(b"\r") if line]
    opening = [_mirrored(line) for line in headers if line[:3] in (b"FHS", b"BHS")]
    closing = [
        {b"BHS": b"BTS%b%d" % (line[3:4], len(acks)), b"FHS": b"FTS%b1" % line[3:4]}[line[:3]]
        for line in reversed(opening)
    ]
    body = b"".join(acks)
    return (
        b"".join(line + b"\r" for line in opening)
        + body
        + b"".join(line + b"\r" for line in closing)
    )


def _mirrored(header: bytes) -> bytes:
    """Return FHS or BHS with fields 1 to 6 only, sender (3, 4) and receiver (5, 6) swapped."""
    field = header[3:4]
    fields = [*header.split(field), b"", b"", b"", b"", b""][:6]
    return field.join([fields[0], fields[1], fields[4], fields[5], fields[2], fields[3]])
