"""Reads one frame: what row it becomes, and what answer stands beside it; pure.

Row and answer are made before the commit, so that a resend gets the very bytes that the first
one got, and nothing but the commit lies between a message and its answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from apps.hl7v2.ack import AckCode, Outcome
from apps.hl7v2.batches import Envelope, read_batch
from apps.hl7v2.errors import ErrorCode, FieldError
from apps.hl7v2.peek import Peek, glance
from apps.intake.choices import InboundState
from apps.intake.keys import digest_of, issuer_for, message_key, order_keys
from apps.intake.listener.merges import judge_merge, mark_crowd
from apps.intake.listener.prepared import Arrival, final_code, prepare_answers, split_answers
from apps.intake.listener.profiles import NOT_FROM_HERE, Profile, Profiles
from apps.intake.listener.receipts import Receipt
from apps.intake.listener.through import seen_through
from apps.intake.listener.verdicts import Verdict, judge

__all__ = [
    "Arrival",
    "Reception",
    "Submission",
    "bare",
    "refusal_of",
    "refuse_late",
    "split_answers",
    "unreadable",
]

NOT_NOW = FieldError("", 0, "not now: storage is away, send again later", ErrorCode.INTERNAL)
UNSTORABLE = FieldError("", 0, "the message cannot be stored as it is", ErrorCode.INTERNAL)
OVERSIZE = FieldError("", 0, "the message is longer than allowed", ErrorCode.VALUE_TOO_LONG)
LATE = FieldError("", 0, "the message was not finished in time", ErrorCode.INTERNAL)

NOT_ALLOWED = FieldError("", 0, "peer not allowed", ErrorCode.INTERNAL)
CROWDED = FieldError("", 0, "too many messages in one batch", ErrorCode.VALUE_TOO_LONG)

MISCOUNTED = "batch_count"
"""A flag: BTS-1 or FTS-1 says another number than there is."""
EMPTY_BATCH = "a batch without any message"

# A frame of the largest size could spell millions of empty messages; a batch of a day's orders
# holds a few thousand.
MAX_BATCH_MESSAGES = 20_000

# As wide as their columns; the whole value is in the raw message.
_SENDER_CHARS = 400
_CONTROL_ID_CHARS = 400
_TYPE_CHARS = 32
_ORDER_CONTROL_CHARS = 16


class TurnedAway(NamedTuple):
    """A message that is answered and not stored; ``place`` is its own among the frame's."""

    place: int
    ack: bytes | None
    ack_code: str


@dataclass(frozen=True, slots=True)
class Submission:
    """What one frame brings: a row for each message in it, and what was read of each.

    ``envelope`` is what stands around the messages (FHS, BHS), None where nothing does: their
    answers then go one by one.
    ``turned_away`` are the messages between those with a row that get none, in their order.
    """

    receipts: list[Receipt]
    seen: list[Peek]
    envelope: Envelope | None = None
    turned_away: Sequence[TurnedAway] = ()


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
            else:
                messages, envelope = read_batch(payload)
                if messages:
                    return self._receive_batch(messages, envelope, arrival)
                if envelope.is_there:
                    return _empty_batch(payload, envelope, arrival)
        return self._submission([(payload, seen, arrival)])

    def turn_away(self, payload: bytes, arrival: Arrival) -> Submission:
        """Return the refusal of whatever comes from a peer that is not allowed; nothing stays."""
        seen = glance(payload)._replace(is_batch=False)
        return Submission([], [], turned_away=[_turned_away(0, seen, NOT_ALLOWED, arrival)])

    def refuse_oversize(self, head: bytes, arrival: Arrival) -> Submission:
        """Return the row of a message over the cap, of which only the beginning was kept."""
        seen = glance(head)._replace(error=OVERSIZE)
        submission = self._submission([(head, seen, arrival)])
        submission.receipts[:] = [row._replace(key=None) for row in submission.receipts]
        return submission

    def _receive_batch(
        self, messages: list[bytes], envelope: Envelope, arrival: Arrival
    ) -> Submission:
        seen = [glance(message) for message in messages]
        arrivals = [arrival]
        while len(arrivals) < len(messages):
            arrivals.append(arrival._replace(seq=self.next_seq(arrivals[-1].seq + 1)))
        parts = list(zip(messages, seen, arrivals, strict=True))
        return self._submission(parts, envelope if envelope.is_there else None)

    def _submission(
        self, messages: Sequence[tuple[bytes, Peek, Arrival]], envelope: Envelope | None = None
    ) -> Submission:
        """Return a row for each message whose sender the connection may speak for."""
        submission = Submission([], [], envelope, turned_away := [])
        miscounted = envelope.miscounted() if envelope else ()
        for place, (raw, seen, arrival) in enumerate(messages):
            profile = self.profiles.find(seen.sending_application, seen.sending_facility)
            speaker = arrival.speaker
            if speaker is None or self.profiles.may_speak(speaker, profile):
                receipt = self._receipt(profile, raw, seen, arrival)
                if miscounted and miscounted[place]:
                    receipt = receipt._replace(flags=(MISCOUNTED,))
                submission.receipts.append(receipt)
                submission.seen.append(seen)
            else:
                turned_away.append(_turned_away(place, seen, NOT_FROM_HERE, arrival))
        mark_crowd(submission.receipts)
        return submission

    def _receipt(self, profile: Profile, raw: bytes, seen: Peek, arrival: Arrival) -> Receipt:
        seen = seen_through(profile, raw, seen)
        digest = digest_of(raw)
        issuer = issuer_for(
            profile_issuer=profile.issuer,
            facility=seen.sending_facility,
            application=seen.sending_application,
        )
        verdict = judge_merge(judge(seen, profile), raw, seen, profile=profile, issuer=issuer)
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


def _turned_away(place: int, seen: Peek, error: FieldError, arrival: Arrival) -> TurnedAway:
    verdict = Verdict(Outcome.REJECTED, InboundState.REFUSED, "", error)
    ack = prepare_answers(seen, verdict, arrival)
    return TurnedAway(place, ack, final_code(seen, verdict.outcome))


def _empty_batch(payload: bytes, envelope: Envelope, arrival: Arrival) -> Submission:
    """Return the row of a batch that holds nothing, answered with one that holds nothing."""
    receipt, seen = _bare_receipt(payload, arrival), Peek()
    digest = receipt.digest
    accepted = receipt._replace(
        key=_key(seen, digest),
        state=InboundState.IGNORED.value,
        ack=envelope.wrap([]),
        ack_code=AckCode.AA.value,
        error=EMPTY_BATCH,
    )
    return Submission([accepted], [seen])


def refuse_late(arrival: Arrival) -> Submission:
    """Return the refusal of a message that never ended; nothing of it is stored."""
    return _refused(b"", arrival, Outcome.REJECTED, LATE)


def unreadable(payload: bytes, arrival: Arrival) -> Submission:
    """Return the row of a message that we failed to read, refused with nothing but its bytes."""
    return _refused(payload, arrival, Outcome.ERROR, UNSTORABLE)


def _refused(payload: bytes, arrival: Arrival, outcome: Outcome, error: FieldError) -> Submission:
    seen = Peek(error=error)
    verdict = Verdict(outcome, InboundState.REFUSED, "", error)
    receipt = _bare_receipt(payload, arrival)._replace(
        ack=prepare_answers(seen, verdict, arrival),
        ack_code=final_code(seen, verdict.outcome),
        error=str(error),
    )
    return Submission([receipt], [seen])


def _bare_receipt(payload: bytes, arrival: Arrival) -> Receipt:
    return Receipt(
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
        state=InboundState.REFUSED.value,
        ack=None,
        ack_code="",
        error="",
    )


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
