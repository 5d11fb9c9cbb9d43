"""Understands one order group: the sender's places, the catalogue's words, what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from apps.catalog.models import Procedure, Site
from apps.engine.codes import Reason, Urgency
from apps.engine.vocabulary import specialty_for
from apps.hl7v2.facts import read_group
from apps.hl7v2.groups import Group
from apps.hl7v2.mapping import Finder
from apps.hl7v2.message import Message, Segment
from apps.hl7v2.places import PROCEDURE, Candidate, parse_place
from apps.hl7v2.rawfacts import EntityId, RawFacts, first_known
from apps.hl7v2.vocabulary import (
    DOUBTFUL_CODES,
    guess_from_words,
    resolve_body_part,
    resolve_modality,
)
from apps.intake.choices import StatusMeaning
from apps.intake.models import SenderProfile
from apps.intake.processing.catalogue import Catalogue, ReadAs
from apps.intake.processing.changes import (
    CONTROL_CODES,
    PLACER_RANK,
    RESULT_STATUSES,
    STATUS_EVENTS,
    Action,
    OrderChange,
)
from apps.intake.processing.patients import patient_update
from apps.orders.choices import IdentifierKind, OrderStatus
from apps.orders.identity import Identity

_HEADER = frozenset({"MSH", "PID", "PV1"})
_CR = b"\r"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Sender:
    """Who sent a message: MSH-3 and MSH-4, the issuer of its numbers, how it is read."""

    application: str
    facility: str
    issuer: str
    read_as: ReadAs

    @property
    def profile(self) -> SenderProfile:
        """Return the profile that reads it."""
        return self.read_as.profile

    @property
    def name(self) -> str:
        """Return ``application^facility``."""
        return f"{self.application}^{self.facility}"


@dataclass(frozen=True)
class Known:
    """What the catalogue makes of a group."""

    site: Site | None
    procedure: Procedure | None
    modality: str
    body_part: str

    @property
    def subspecialty(self) -> str:
        """Return the procedure's subspecialty, else the one its modality and part suggest."""
        named = self.procedure.subspecialty if self.procedure else ""
        if named or not (self.modality or self.body_part):
            return named
        return specialty_for(self.modality, self.body_part)


def read_change(
    message: Message,
    group: Group,
    *,
    sender: Sender,
    catalogue: Catalogue,
    is_result: bool,
) -> OrderChange:
    """Return what one group asks for."""
    site = _site(group, sender, catalogue)
    facts = read_group(
        message, group, zone=sender.read_as.zone(site), mapping=sender.read_as.mapping
    )
    known = _recognise(facts, site, sender, catalogue)
    identities = _identities(facts) or _group_number(group)
    accession, rank = _accession(facts)
    if not accession and identities:
        accession = identities[0].value[:200]
    action, report = _action(facts, sender.profile, is_result=is_result)
    return OrderChange(
        action=action,
        issuer=sender.issuer,
        identities=identities,
        accession=accession,
        accession_rank=rank,
        procedure_code=facts.procedure_code,
        values=_values(facts, known, sender),
        patient=patient_update(facts.patient, sender.issuer),
        parked=_parked(facts, known),
        report=report,
        header=_bytes(part for part in group.header if part.name in _HEADER),
        group=_bytes(group.segments),
        flags=_flags(facts, known),
    )


# -- what it asks for ---------------------------------------------------------------------


def _action(
    facts: RawFacts, profile: SenderProfile, *, is_result: bool
) -> tuple[Action, OrderStatus | None]:
    if is_result:
        return Action.RESULT, RESULT_STATUSES.get(facts.result_status)
    if not facts.is_status_event:
        return CONTROL_CODES.get(facts.control_code, Action.NEW), None
    if CONTROL_CODES.get(facts.control_code) is Action.CANCEL:
        return Action.CANCEL, None
    status = STATUS_EVENTS.get(facts.order_status) or STATUS_EVENTS.get(facts.result_status)
    if facts.control_code != "SC" or status is None:
        return Action.NOTE, None
    if status is OrderStatus.CANCELLED:
        return Action.CANCEL, None
    if profile.status_meaning == StatusMeaning.EXAM:
        return Action.NOTE, None
    return Action.STATUS, status


# -- who it is ----------------------------------------------------------------------------


def _accession(facts: RawFacts) -> tuple[str, int]:
    """Return the shown accession and how good its place is; 0 is the best, 9 the placer's."""
    if not facts.accessions:
        number = facts.filler.value or facts.placer.value or facts.study_uid
        return number[:200], PLACER_RANK
    best = facts.accessions[0]
    return best.value[:200], accession_rank(best.place)


@lru_cache(maxsize=512)
def accession_rank(place: str) -> int:
    """Return how good a place of the accession is; 0 is the best, 9 the placer's number."""
    path = parse_place(place).path
    is_number = path.segment in ("ORC", "OBR")
    return {2: PLACER_RANK, 3: 1}.get(path.field, 0) if is_number else 0


def _identities(facts: RawFacts) -> tuple[Identity, ...]:
    found = []
    if facts.study_uid:
        found.append(
            Identity(IdentifierKind.STUDY_UID, f"{facts.study_uid}|{facts.procedure_code}"[:400])
        )
    accession = next(
        (found for found in facts.accessions if accession_rank(found.place) != PLACER_RANK), None
    )
    if accession is not None:
        found.append(Identity(IdentifierKind.ACCESSION, accession.value[:400]))
    if facts.filler.value:
        found.append(Identity(IdentifierKind.FILLER, facts.filler.value[:400]))
    if facts.placer.value:
        found.append(Identity(IdentifierKind.PLACER, _with_namespace(facts.placer)))
    return tuple(found)


def _group_number(group: Group) -> tuple[Identity, ...]:
    """Return ORC-4, the placer's group number, where a sender gives no other."""
    orc = group.first("ORC")
    number = orc.get(4).strip() if orc else ""
    return (Identity(IdentifierKind.PLACER, f"group {number}"[:400]),) if number else ()


def _with_namespace(number: EntityId) -> str:
    parts = (number.value, number.namespace)
    return "^".join(part for part in parts if part)[:400]


# -- what it is ---------------------------------------------------------------------------


def _site(group: Group, sender: Sender, catalogue: Catalogue) -> Site | None:
    """Return the first known site; the sender's own words go before codes and aliases."""
    mapping = sender.read_as.mapping
    words = mapping.words_of("site")

    def known(word: str) -> Site | None:
        return catalogue.site(words.get(word.strip().upper(), word))

    found = Finder(group.first, group.all).candidates(mapping.places["site"])
    return _first(found, known) or known(sender.facility) or sender.profile.default_site


def _recognise(facts: RawFacts, site: Site | None, sender: Sender, catalogue: Catalogue) -> Known:
    mapping = sender.read_as.mapping
    procedure = _procedure(facts, sender, catalogue)
    guessed_modality, guessed_part = guess_from_words(facts.procedure_text)
    modality = _modality(facts, mapping.words_of("modality"), procedure)
    body_part = _first(
        facts.candidates["body_part"],
        lambda word: resolve_body_part(word, mapping.words_of("body_part")),
        procedure.body_part if procedure else None,
    )
    return Known(
        site=site,
        procedure=procedure,
        modality=(modality or guessed_modality or "")[:16],
        body_part=(body_part or guessed_part or "")[:32],
    )


def _modality(
    facts: RawFacts, words: Mapping[str, str], procedure: Procedure | None
) -> str | None:
    """Return the first known modality; a doubtful code counts where the words agree with it."""
    for place, value in facts.candidates["modality"]:
        if place == PROCEDURE:
            found = procedure.modality if procedure else None
        elif place.startswith(_CODE_PLACES):
            found = resolve_modality(value, words)
            if value.strip().upper() not in words:
                found = _of_code(value, found, facts)
        else:
            found = resolve_modality(value, words)
        if found:
            return found
    return None


def _of_code(word: str, found: str | None, facts: RawFacts) -> str | None:
    """Return the modality that the first word of a code means, if the other words agree.

    PT may be a prothrombin time rather than a PET scan: it counts where a body part stands
    beside it, or where the text names an image. ``RX50`` is RX, but for a text that names
    another modality: ``us-0004`` of an MRI is none.
    """
    named, part = guess_from_words(facts.procedure_text)
    if found is None:
        stem = resolve_modality(word.rstrip(_DIGITS))
        return stem if named in (None, stem) and stem not in DOUBTFUL_CODES else None
    if found not in DOUBTFUL_CODES or not facts.procedure_text or named or part:
        return found
    return found if guess_from_words(facts.procedure_code)[1] else None


def _procedure(facts: RawFacts, sender: Sender, catalogue: Catalogue) -> Procedure | None:
    if not facts.procedure_code:
        return None
    return catalogue.procedure(
        issuer=sender.issuer, system=facts.procedure_system, code=facts.procedure_code
    )


def _first(
    candidates: tuple[Candidate, ...], known: Callable[[str], _T | None], table: _T | None = None
) -> _T | None:
    found = first_known(candidates, known, table or None)
    return found[1] if found else None


def _values(facts: RawFacts, known: Known, sender: Sender) -> dict[str, Any]:
    procedure, provider = known.procedure, facts.ordering_provider
    default = procedure.default_urgency if procedure else Urgency.ROUTINE.value
    described = procedure.description if procedure else ""
    values = {
        "site_id": known.site.pk if known.site else None,
        "procedure_id": procedure.pk if procedure else None,
        "procedure_code": facts.procedure_code[:200],
        "procedure_text": (facts.procedure_text or described)[:500],
        "modality": known.modality,
        "body_part": known.body_part,
        "subspecialty": known.subspecialty,
        "sent_urgency": facts.urgency.urgency,
        "default_urgency": default,
        "rvu": _rvu(facts, procedure),
        "indication": facts.indication,
        "ordering_provider": " ".join(part for part in (provider.id, provider.name) if part)[:300],
        "ordering_provider_id": provider.id[:120],
        "ordering_contact": facts.provider_contact[:300],
        "patient_class": facts.patient_class[:32],
        "patient_location": facts.patient_location[:200],
        "visit_number": facts.visit_number[:200],
        "exam_at": facts.exam_at,
        "scheduled_at": facts.scheduled_at,
        "ordered_at": facts.ordered_at,
        "sent_at": facts.sent_at,
        "study_uid": facts.study_uid[:200],
        "sender": sender.name[:400],
    }
    return {name: value for name, value in values.items() if value not in ("", None)}


def _rvu(facts: RawFacts, procedure: Procedure | None) -> Decimal | None:
    """Return what the named procedure counts; a change that names none leaves it."""
    if procedure is not None:
        return procedure.rvu
    return Decimal(1) if facts.procedure_code else None


def _parked(facts: RawFacts, known: Known) -> Reason | None:
    """Return what is missing to decide; the first that a person can mend. Source: spec 1."""
    if known.site is None:
        return Reason.UNKNOWN_SITE
    if not known.modality:
        is_named = any(found.place.startswith(_NAMES) for found in facts.candidates["modality"])
        has_code = bool(facts.procedure_code) and known.procedure is None
        return Reason.UNKNOWN_PROCEDURE if has_code and not is_named else Reason.UNKNOWN_MODALITY
    return None if facts.patient.ids else Reason.NO_PATIENT


_DIGITS = "0123456789-_"
_CODE_PLACES = ("OBR-4.1", "OBR-44.1")
_NAMES = ("ZRD-3", "OBR-24", "IPC-5")
"""Places that name a modality by themselves; words of a procedure only suggest one."""


def _flags(facts: RawFacts, known: Known) -> tuple[str, ...]:
    flags = [flag.code for flag in facts.flags]
    if facts.procedure_code and known.procedure is None:
        flags.append("unknown_procedure")
    return tuple(dict.fromkeys(flags))


def _bytes(segments: Iterable[Segment]) -> bytes:
    return b"".join(segment.raw + _CR for segment in segments)
