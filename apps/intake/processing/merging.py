"""Understands merges of patients, and makes them: all of a message, or nothing of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from apps.hl7v2.errors import FieldError
from apps.hl7v2.merges import MAX_PAIRS, NumberPair, circular_merge, read_number_pairs
from apps.hl7v2.message import Message
from apps.hl7v2.people import PatientId
from apps.intake.processing.changes import Reading
from apps.intake.processing.patients import patient_update
from apps.intake.processing.recognising import Sender
from apps.intake.processing.session import Session
from apps.orders.exceptions import CircularMergeError, MergedElsewhereError
from apps.orders.merging import MergeSource
from apps.orders.patients import MergeWish, PatientUpdate

_STRANGER = "MRG-1 of merge %d: no number in its PID-3 is of the same authority and type"
_ELSEWHERE = (
    "MRG-1 of merge %d was merged into another patient before; undo that merge, then run this one"
)


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of it: ``refusal`` is the sender's fault, ``problem`` waits for a person."""

    refusal: FieldError | None = None
    problem: str = ""
    flags: tuple[str, ...] = ()


def read_merging(message: Message, sender: Sender) -> Reading:
    """Return which patients a message makes one."""
    flags = tuple(message.flags)
    count = sum(1 for _ in message.all("MRG"))
    if count > MAX_PAIRS:
        problem = f"{count} merges in one message; at most {MAX_PAIRS} are taken"
        return Reading(problem=problem, flags=flags)
    try:
        found = read_number_pairs(message, issuer=sender.issuer, mapping=sender.read_as.mapping)
    except FieldError as error:
        return Reading(refusal=error, flags=flags)
    if found.strangers:
        return Reading(problem=_STRANGER % found.strangers[0], flags=flags)
    return Reading(
        merges=tuple(_wish(pair, sender.issuer) for pair in found.pairs),
        note="" if found.pairs else "no two patients in it",
        flags=(*flags, *(["merge_number_left_over"] if found.has_left_over else [])),
        sender=f"{sender.application}|{sender.facility}"[:400],
    )


def merge_patients(session: Session, reading: Reading, *, message_id: int) -> Merged:
    """Make the merges of a message."""
    try:
        session.merge(reading.merges, MergeSource(message_id, reading.sender))
    except CircularMergeError as error:
        return Merged(refusal=circular_merge(error.place), flags=("circular_merge",))
    except MergedElsewhereError as error:
        return Merged(problem=_ELSEWHERE % error.place, flags=("merged_elsewhere",))
    return Merged()


def _wish(pair: NumberPair, issuer: str) -> MergeWish:
    told = patient_update(pair.facts, issuer)
    assert told is not None  # noqa: S101 -- a pair has a number of its PID
    prior = PatientUpdate(*_key(pair.prior))
    authority, mrn = _key(pair.survivor)
    return MergeWish(replace(told, authority=authority, mrn=mrn), prior, pair.place)


def _key(number: PatientId) -> tuple[str, str]:
    return number.authority[:120], number.value[:400]
