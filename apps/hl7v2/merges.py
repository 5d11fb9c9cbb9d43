"""Which numbers a merge message makes one: a prior number (MRG) and the one that survives (PID).

Numbers belong together by assigning authority and type: a patient list may give each person
several numbers, and equal digits under another authority are somebody else. An authority may be
spelled by its name, its OID or both; a number without one has the sender's. Read are the events
whose PID and MRG say that two patients are one: A40, and A34 and A36 as senders before 2.3.1
spell it. A18 is none of them: it may merge accounts or visits of one and the same patient.
Source: HL7 v2.5.1 3.3.40, 3.4.10; v2.3 3.2.34, 3.2.36.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from apps.hl7v2.errors import ErrorCode, FieldError
from apps.hl7v2.mapping import FactMapping
from apps.hl7v2.message import Message
from apps.hl7v2.people import MRN_TYPES, Merge, PatientFacts, PatientId, read_merges

MERGE_EVENTS = frozenset({"A40", "A34", "A36"})
_OF_VISITS = frozenset({"AN", "ANON", "ANC", "ANT", "VN", "FI"})
MAX_PAIRS = 2000
"""A message with more is an accident or an attack; it waits for a person."""


@dataclass(frozen=True, slots=True)
class NumberPair:
    """``prior`` becomes ``survivor``; both name the authority. ``place`` counts MRG from 1."""

    facts: PatientFacts
    survivor: PatientId
    prior: PatientId
    place: int


@dataclass(frozen=True, slots=True)
class NumberPairs:
    """What a message makes one, in message order.

    ``strangers`` are the places of those MRG of which no number has its like in the PID before
    it; ``has_left_over`` says that some number of another MRG has none.
    """

    pairs: tuple[NumberPair, ...]
    strangers: tuple[int, ...] = ()
    has_left_over: bool = False


def self_merge(place: int) -> FieldError:
    """Return what is wrong with a merge of a number into itself."""
    return _wrong(place, "a patient cannot be merged into itself")


def circular_merge(place: int) -> FieldError:
    """Return what is wrong with a merge into a number that was merged into this one before."""
    return _wrong(place, "the surviving number (PID-3) was merged into this one before")


def _wrong(place: int, reason: str) -> FieldError:
    words = f"merge {place}: {reason}" if place > 1 else reason
    return FieldError("MRG", 1, words, ErrorCode.DUPLICATE_KEY, sequence=place)


def read_number_pairs(
    message: Message, *, issuer: str, mapping: FactMapping | None = None
) -> NumberPairs:
    """Return which numbers a merge message makes one.

    Args:
        message: its event is one of ``MERGE_EVENTS``.
        issuer: the authority of numbers that name none.
        mapping: the sender's; None for the usual places.

    Raises:
        FieldError: a PID and its MRG name one and the same number and nothing else.
    """
    pairs: list[NumberPair] = []
    strangers: list[int] = []
    has_left_over = False
    for merge in read_merges(message, mapping):
        if not (merge.prior and merge.survivor.ids):
            continue
        found = list(_matched(merge, issuer))
        has_left_over = has_left_over or 0 < len(found) < len(merge.prior)
        if not found:
            strangers.append(merge.place)
        elif not (news := [pair for pair in found if not _is_same(pair)]):
            raise self_merge(merge.place)
        else:
            pairs += _of_patients(news)
    return NumberPairs(tuple(pairs), tuple(strangers), has_left_over)


def _matched(merge: Merge, issuer: str) -> Iterator[NumberPair]:
    """Return the prior numbers that have their like in the PID, with their authorities named."""
    mrn = merge.survivor.mrn
    for prior in merge.prior:
        kept = _like(prior, merge.survivor.ids, issuer)
        if kept is None and mrn is not None and not prior.authority:
            # The sender's own authority is none of the PID's: a bare MRG-1 speaks of the PID's.
            kept = _like(prior, merge.survivor.ids, mrn.authority)
        if kept is None and len(merge.prior) == 1:
            kept = _only_one(prior, merge.survivor.ids, issuer)
        if kept is not None:
            yield _named(merge, kept, prior, issuer)


def _like(prior: PatientId, ids: Iterable[PatientId], issuer: str) -> PatientId | None:
    """Return the number of the same authority and type; an empty type is any."""
    found = [kept for kept in ids if _are_of_one(kept, prior, issuer)]
    exact = (kept for kept in found if kept.type.upper() == prior.type.upper())
    open_ = (kept for kept in found if not (kept.type and prior.type))
    return next(exact, None) or next(open_, None)


def _only_one(prior: PatientId, ids: Iterable[PatientId], issuer: str) -> PatientId | None:
    """Return the number of the same authority where each side has one alone, whatever its type.

    So a legacy number (PE, PI) goes into the record number; one of a visit or account never does.
    """
    found = [kept for kept in ids if _are_of_one(kept, prior, issuer)]
    of_visits = {kept.type.upper() for kept in (*found, prior)} & _OF_VISITS
    return found[0] if len(found) == 1 and not of_visits else None


def _are_of_one(kept: PatientId, prior: PatientId, issuer: str) -> bool:
    if (kept.authority or issuer) == (prior.authority or issuer):
        return True
    return bool(kept.universal) and kept.universal == prior.universal


def _named(merge: Merge, kept: PatientId, prior: PatientId, issuer: str) -> NumberPair:
    """Return the pair with the authority's name before its OID, as orders spell it."""
    names = [_name(kept), _name(prior), kept.authority, prior.authority, issuer]
    common = next(filter(None, names), "")
    return NumberPair(
        merge.survivor,
        replace(kept, authority=_name(kept) or common),
        replace(prior, authority=_name(prior) or common),
        merge.place,
    )


def _name(number: PatientId) -> str:
    return number.authority if number.authority != number.universal else ""


def _is_same(pair: NumberPair) -> bool:
    return pair.survivor.value == pair.prior.value


def _of_patients(pairs: list[NumberPair]) -> list[NumberPair]:
    """Return the pairs of record numbers; an account's or visit's counts only by itself."""
    records = [pair for pair in pairs if pair.prior.type.upper() in MRN_TYPES]
    return records or pairs
