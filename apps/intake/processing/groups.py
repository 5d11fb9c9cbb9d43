"""Understands one order group: the sender's places, the catalogue's words, what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from apps.catalog.models import Procedure
from apps.engine.codes import Reason, Urgency
from apps.hl7v2.facts import read_group
from apps.hl7v2.groups import Group
from apps.hl7v2.message import Message, Segment, is_filled
from apps.hl7v2.places import parse_place
from apps.hl7v2.rawfacts import EntityId, RawFacts
from apps.intake.processing.asking import asked
from apps.intake.processing.catalogue import Catalogue
from apps.intake.processing.changes import OF_GROUP, PLACER_RANK, OrderChange
from apps.intake.processing.patients import patient_update
from apps.intake.processing.recognising import Known, Sender, recognise, site_of
from apps.orders.choices import IdentifierKind
from apps.orders.identity import Identity

_HEADER = frozenset({"MSH", "PID", "PV1"})
_MOST_HEADER_BYTES = 16 * 1024
_MOST_OWN_CHARS = 200
_CR = b"\r"


def read_change(
    message: Message,
    group: Group,
    *,
    sender: Sender,
    catalogue: Catalogue,
    is_result: bool,
) -> OrderChange:
    """Return what one group asks for."""
    site = site_of(group, sender, catalogue)
    facts = read_group(
        message, group, zone=sender.read_as.zone(site), mapping=sender.read_as.mapping
    )
    known = recognise(facts, site, sender, catalogue)
    number = _group_number(group)
    identities = _identities(facts) or _of_group(number)
    accession, rank = _accession(facts)
    if not accession and identities:
        accession = identities[0].value[:200]
    action, report = asked(facts, group, sender.profile, is_result=is_result)
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
        header=_kept_header(group),
        group=_bytes(group.segments),
        flags=_flags(facts, known),
        procedure_system=facts.procedure_system,
        placer_group=number,
        own_placer=_placer(facts.own_placer),
        shares_orc=facts.shares_orc,
        names_all=_names_all(group),
    )


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
    own = facts.own_placer if facts.shares_orc else EntityId()
    placers = dict.fromkeys(map(_placer, (own, facts.placer)))
    return (*found, *(placer for placer in placers if placer is not None))


def _placer(number: EntityId) -> Identity | None:
    return Identity(IdentifierKind.PLACER, _with_namespace(number)) if number.value else None


def _names_all(group: Group) -> bool:
    """Return whether the ORC speaks for all that was placed under its number, for no OBR alone."""
    obr = group.first("OBR")
    return obr is None or not is_filled(obr.get(2).strip())


def _group_number(group: Group) -> str:
    """Return ORC-4, the placer's group number."""
    orc = group.first("ORC")
    return orc.get(4).strip() if orc else ""


def _of_group(number: str) -> tuple[Identity, ...]:
    """Return the placer's group number as the order's, where a sender gives no other."""
    return (Identity(IdentifierKind.PLACER, f"{OF_GROUP}{number}"[:400]),) if number else ()


def _with_namespace(number: EntityId) -> str:
    parts = (number.value, number.namespace)
    return "^".join(part for part in parts if part)[:400]


# -- what it is ---------------------------------------------------------------------------


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
        "own_fields": {name: said[:_MOST_OWN_CHARS] for name, said in facts.own.items()} or None,
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


_NAMES = ("ZRD-3", "OBR-24", "IPC-5")
"""Places that name a modality by themselves; words of a procedure only suggest one."""


def _flags(facts: RawFacts, known: Known) -> tuple[str, ...]:
    flags = [flag.code for flag in facts.flags]
    if facts.procedure_code and known.procedure is None:
        flags.append("unknown_procedure")
    return tuple(dict.fromkeys(flags))


def _kept_header(group: Group) -> bytes:
    """Return what stands before the groups, as it came: a mapping may find facts in all of it.

    MSH, PID and PV1 are kept whatever their size, the others as long as they are few.
    """
    kept, size = [], 0
    for segment in group.header:
        size += len(segment.raw)
        if segment.name in _HEADER or size <= _MOST_HEADER_BYTES:
            kept.append(segment)
    return _bytes(kept)


def _bytes(segments: Iterable[Segment]) -> bytes:
    return b"".join(segment.raw + _CR for segment in segments)
