"""Reads one frame: what row it becomes, and what answer stands beside it; pure.

Row and answer are made before the commit, so that a resend gets the very bytes that the first
one got, and nothing but the commit lies between a message and its answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from apps.hl7v2.ack import Outcome, answer_codes, build_answers
from apps.hl7v2.errors import ErrorCode, FieldError
from apps.hl7v2.peek import Peek, glance, needs_answer
from apps.hl7v2.segments import split_batch
from apps.intake.choices import InboundState
from apps.intake.keys import digest_of, issuer_for, message_key, order_keys
from apps.intake.listener.profiles import Profile, Profiles
from apps.intake.listener.receipts import Receipt
from apps.intake.listener.through import seen_through

RECEIVED = "Message received"
NOT_USED = "Message received, not used"
NOT_NOW = FieldError("", 0, "not now: storage is away, send again later", ErrorCode.INTERNAL)
UNSTORABLE = FieldError("", 0, "the message cannot be stored as it is", ErrorCode.INTERNAL)
OVERSIZE = FieldError("", 0, "the message is longer than allowed", ErrorCode.VALUE_TOO_LONG)
LATE = FieldError("", 0, "the message was not finished in time", ErrorCode.INTERNAL)

CROWDED = FieldError("", 0, "too many messages in one batch", ErrorCode.VALUE_TOO_LONG)

# A frame of the largest size could spell millions of empty messages; a batch of a day's orders
# holds a few thousand.
MAX_BATCH_MESSAGES = 20_000

# As wide as their columns; the whole value is in the raw message.
_SENDER_CHARS = 400
_CONTROL_ID_CHARS = 400
_TYPE_CHARS = 32
_ORDER_CONTROL_CHARS = 16


class Arrival(NamedTuple):
    """Where and when a frame came in; ``seq`` orders it, and names our answer (MSH-10)."""

    seq: int
    at: datetime
    peer: str


class Verdict(NamedTuple):
    """What becomes of a message, before anything is stored."""

    outcome: Outcome
    state: InboundState
    text: str
    error: FieldError | None


@dataclass(frozen=True, slots=True)
class Submission:
    """What one frame brings: a row for each message in it, and what was read of each.

    ``envelope`` is the batch's own beginning (FHS, BHS) where its answers go in a batch too.
    """

    receipts: list[Receipt]
    seen: list[Peek]
    envelope: bytes = b""


class Reception:
    """Turns frames into submissions; ``profiles`` may be replaced at any time."""

    def __init__(self, profiles: Profiles) -> None:
        self.profiles = profiles
        self._last_seq = 0

    def next_seq(self, microseconds: int) -> int:
        """Return a place in the order of arrival: the time, but never the same twice."""
        self._last_seq = max(microseconds, self._last_seq + 1)
        return self._last_seq

    def receive(self, payload: bytes, arrival: Arrival) -> Submission:
        """Read a frame's content; whatever it holds, there is something to store."""
        seen = glance(payload)
        if seen.is_batch:
            if _headers(payload) > MAX_BATCH_MESSAGES:
                seen = seen._replace(error=CROWDED)
            elif messages := split_batch(payload):
                return self._receive_batch(payload, messages, arrival)
        return Submission([self._receipt(payload, seen, arrival)], [seen])

    def refuse_oversize(self, head: bytes, arrival: Arrival) -> Submission:
        """Return the row of a message over the cap, of which only the beginning was kept."""
        seen = glance(head)._replace(error=OVERSIZE)
        receipt = self._receipt(head, seen, arrival)
        return Submission([receipt._replace(key=None)], [seen])

    def _receive_batch(
        self, payload: bytes, messages: list[bytes], arrival: Arrival
    ) -> Submission:
        seen = [glance(message) for message in messages]
        arrivals = [arrival]
        while len(arrivals) < len(messages):
            arrivals.append(arrival._replace(seq=self.next_seq(arrivals[-1].seq + 1)))
        receipts = [self._receipt(*parts) for parts in zip(messages, seen, arrivals, strict=True)]
        return Submission(receipts, seen, _envelope(payload, messages[0]))

    def _receipt(self, raw: bytes, seen: Peek, arrival: Arrival) -> Receipt:
        profile = self.profiles.find(seen.sending_application, seen.sending_facility)
        seen = seen_through(profile, raw, seen)
        verdict = judge(seen, profile)
        digest = digest_of(raw)
        issuer = issuer_for(
            profile_issuer=profile.issuer,
            facility=seen.sending_facility,
            application=seen.sending_application,
        )
        # Positional, in the order of the fields: keywords would double the cost.
        return Receipt(
            _key(seen, digest) if verdict.outcome is not Outcome.REJECTED else None,
            arrival.seq,
            arrival.at,
            f"{seen.sending_application}|{seen.sending_facility}"[:_SENDER_CHARS],
            arrival.peer,
            _text(seen.control_id)[:_CONTROL_ID_CHARS],
            digest,
            _message_type(seen)[:_TYPE_CHARS],
            seen.order_control[:_ORDER_CONTROL_CHARS],
            order_keys(issuer, seen.identities),
            seen.is_stat,
            raw,
            verdict.state,
            prepare_answers(seen, verdict, arrival),
            final_code(seen, verdict.outcome),
            "" if verdict.error is None else str(verdict.error),
        )


def refuse_late(arrival: Arrival) -> Submission:
    """Return the refusal of a message that never ended; nothing of it is stored."""
    return _refused(b"", arrival, Outcome.REJECTED, LATE)


def unreadable(payload: bytes, arrival: Arrival) -> Submission:
    """Return the row of a message that we failed to read, refused with nothing but its bytes."""
    return _refused(payload, arrival, Outcome.ERROR, UNSTORABLE)


def _refused(payload: bytes, arrival: Arrival, outcome: Outcome, error: FieldError) -> Submission:
    seen = Peek(error=error)
    verdict = Verdict(outcome, InboundState.REFUSED, "", error)
    receipt = Receipt(
        key=None,
        arrival_seq=arrival.seq,
        received_at=arrival.at,
        sender="",
        peer=arrival.peer,
        control_id="",
        digest=digest_of(payload),
        message_type="",
        order_control="",
        order_keys=(),
        is_urgent=False,
        raw=payload,
        state=verdict.state.value,
        ack=prepare_answers(seen, verdict, arrival),
        ack_code=final_code(seen, verdict.outcome),
        error=str(error),
    )
    return Submission([receipt], [seen])


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


def refusal_of(
    receipt: Receipt, seen: Peek, outcome: Outcome, error: FieldError
) -> tuple[bytes | None, str]:
    """Return other answers than the prepared ones, for a message that was not stored so."""
    verdict = Verdict(outcome, InboundState.REFUSED, "", error)
    arrival = Arrival(receipt.arrival_seq, receipt.received_at, receipt.peer)
    return prepare_answers(seen, verdict, arrival), final_code(seen, outcome)


def bare(receipt: Receipt, seen: Peek, reason: str) -> Receipt:
    """Return the row with nothing of the message but its bytes, refused with AE.

    For a message that the database will not take: what was read of it is left out.
    """
    ack, code = refusal_of(receipt, seen, Outcome.ERROR, UNSTORABLE)
    return receipt._replace(
        sender="",
        control_id="",
        message_type="",
        order_control="",
        order_keys=(),
        is_urgent=False,
        state=InboundState.REFUSED.value,
        ack=ack,
        ack_code=code,
        error=f"{UNSTORABLE}: {reason}",
    )


def _is_used(seen: Peek) -> bool:
    return (
        seen.is_order
        or seen.message_code == "ADT"
        or (seen.message_code == "ORU" and seen.trigger in ("", "R01"))
    )


def _key(seen: Peek, digest: bytes) -> bytes:
    return message_key(
        application=seen.field(3),
        facility=seen.field(4),
        control_id=seen.control_id,
        digest=digest,
    )


def _message_type(seen: Peek) -> str:
    return f"{seen.message_code}^{seen.trigger}" if seen.trigger else seen.message_code


def _text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return text.replace("\x00", "")


def _headers(payload: bytes) -> int:
    return payload.count(b"\rMSH") + payload.count(b"\nMSH")


def _envelope(payload: bytes, first_message: bytes) -> bytes:
    """Return what stands before a batch's first message, empty for messages without a batch."""
    start = payload.find(first_message[:4])
    before = payload[:start].strip(b"\r\n\x00 \t")
    return before if before[:3] in (b"FHS", b"BHS") else b""
