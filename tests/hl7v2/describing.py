"""Turns a message into the plain facts that stand beside the golden messages as JSON."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from apps.hl7v2.facts import read_group
from apps.hl7v2.groups import Group, split_groups
from apps.hl7v2.message import Message
from apps.hl7v2.peek import peek
from apps.hl7v2.people import read_merges, read_patient
from apps.hl7v2.rawfacts import first_known
from apps.hl7v2.segments import split_batch
from apps.hl7v2.vocabulary import guess_from_words, resolve_body_part, resolve_modality

ZONE = ZoneInfo("Australia/Brisbane")


def describe(raw: bytes) -> list[dict[str, Any]]:
    """Return one entry per message in the bytes."""
    return [_describe_message(message) for message in split_batch(raw)]


def _describe_message(raw: bytes) -> dict[str, Any]:
    seen, message = peek(raw), Message(raw)
    entry: dict[str, Any] = {
        "type": f"{seen.message_code}^{seen.trigger}",
        "sender": f"{seen.sending_application}/{seen.sending_facility}",
        "control_id": seen.control_id.decode(),
        "version": seen.version,
        "is_order": seen.is_order,
        "is_stat": seen.is_stat,
        "identities": [f"{kind} {value}" for kind, value in seen.identities],
        "patient": read_patient(message.first("PID")).name,
        "groups": [_describe_group(message, group) for group in split_groups(message)],
    }
    if merges := read_merges(message):
        entry["merges"] = [
            [merge.survivor.ids[0].value, [prior.value for prior in merge.prior]]
            for merge in merges
        ]
    return entry


def _describe_group(message: Message, group: Group) -> dict[str, Any]:
    facts = read_group(message, group, zone=ZONE)
    modality = first_known(facts.candidates["modality"], resolve_modality)
    body_part = first_known(facts.candidates["body_part"], resolve_body_part)
    mrn = facts.patient.mrn
    return {
        "segments": [segment.name for segment in group.segments],
        "control_code": facts.control_code,
        "status": f"{facts.order_status}/{facts.result_status}",
        "placer": f"{facts.placer.value}^{facts.placer.namespace}",
        "filler": f"{facts.filler.value}^{facts.filler.namespace}",
        "accession": facts.accession,
        "study_uid": facts.study_uid,
        "site": [candidate.value for candidate in facts.candidates["site"]],
        "procedure": [facts.procedure_code, facts.procedure_text],
        "modality": modality,
        "body_part": body_part,
        "words": guess_from_words(facts.procedure_text),
        "urgency": facts.urgency.urgency,
        "indication": facts.indication,
        "exam_at": facts.exam_at.isoformat() if facts.exam_at else None,
        "ordered_at": facts.ordered_at.isoformat() if facts.ordered_at else None,
        "ordering_provider": [facts.ordering_provider.id, facts.ordering_provider.name],
        "contact": facts.provider_contact,
        "mrn": [mrn.value, mrn.authority] if mrn else None,
        "patient": [facts.patient.name, str(facts.patient.birth_on), facts.patient.sex],
        "visit": [facts.patient_class, facts.patient_location, facts.visit_number],
        "is_status_event": facts.is_status_event,
        "flags": [f"{flag.code} {flag.place}" for flag in facts.flags],
    }
