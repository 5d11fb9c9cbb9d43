"""What the values of a message mean here: sites, DICOM modalities, moments, statuses, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from apps.catalog.models import Procedure, Site
from apps.hl7v2.facts import RawFacts, read_group
from apps.hl7v2.groups import Group, Header, split_groups
from apps.hl7v2.mapping import FactMapping
from apps.hl7v2.message import Message
from apps.hl7v2.timestamps import parse_ts
from apps.hl7v2.urgency import URGENCY_WORDS
from apps.hl7v2.vocabulary import MODALITIES, resolve_body_part, resolve_modality
from apps.intake.processing.catalogue import Catalogue
from apps.intake.processing.changes import (
    CONTROL_CODES,
    RESULT_STATUSES,
    STATUS_EVENTS,
    OrderChange,
)
from apps.intake.processing.groups import read_change
from apps.intake.processing.recognising import Sender
from apps.orders.choices import OrderStatus


@dataclass(frozen=True, slots=True)
class Here:
    """One order group of a message, read as the decider would, with all that was needed."""

    message: Message
    group: Group
    sender: Sender
    catalogue: Catalogue
    facts: RawFacts
    change: OrderChange
    zone: ZoneInfo
    site: Site | None

    @property
    def mapping(self) -> FactMapping:
        """Return the sender's mapping."""
        return self.sender.read_as.mapping

    @property
    def procedure(self) -> Procedure | None:
        """Return what the procedure table knows of its code."""
        key = self.change.values.get("procedure_id")
        return self.catalogue.procedures_by_id.get(key) if key else None


def groups_of(message: Message) -> list[Group]:
    """Return the order groups; a message without any is taken as one."""
    found = split_groups(message)
    return found or [Group(Header(tuple(message.segments)), ())]


def read_one(message: Message, group: Group, sender: Sender, catalogue: Catalogue) -> Here:
    """Read one group with the sender's mapping; nothing is written."""
    is_result = message.get("MSH-9.1").upper() == "ORU"
    change = read_change(message, group, sender=sender, catalogue=catalogue, is_result=is_result)
    site = _site_of(change, catalogue)
    zone = sender.read_as.zone(site)
    facts = read_group(message, group, zone=zone, mapping=sender.read_as.mapping)
    return Here(message, group, sender, catalogue, facts, change, zone, site)


def _site_of(change: OrderChange, catalogue: Catalogue) -> Site | None:
    key = change.values.get("site_id")
    return next((site for site in catalogue.sites.values() if site.pk == key), None)


def meaning_of(here: Here, fact: str, value: str) -> str:
    """Return what a value means here, in words; empty where it means nothing."""
    known = _KNOWN.get(fact)
    return known(here, value) if known else value


def final_of(here: Here, fact: str) -> str:
    """Return what the real reading comes to; empty for facts that it does not work out."""
    final = _FINAL.get(fact)
    return final(here) if final else ""


def modality_in_words(code: str) -> str:
    """Return a DICOM modality with what it stands for."""
    return f"{code}, {MODALITIES[code].lower()}" if code in MODALITIES else code


def _known_site(here: Here, value: str) -> str:
    words = here.mapping.words_of("site")
    return _site_words(here.catalogue.site(words.get(value.strip().upper(), value)))


def _site_words(site: Site | None) -> str:
    return f"{site.name} ({site.code})" if site else ""


def _known_modality(here: Here, value: str) -> str:
    return modality_in_words(resolve_modality(value, here.mapping.words_of("modality")) or "")


def _known_body_part(here: Here, value: str) -> str:
    return resolve_body_part(value, here.mapping.words_of("body_part")) or ""


def _known_urgency(here: Here, value: str) -> str:
    spelled = value.strip().upper()
    own = here.mapping.words_of("urgency")
    return own.get(spelled) or URGENCY_WORDS.get(spelled) or ""


def _known_time(here: Here, value: str) -> str:
    return _moment(parse_ts(value, here.zone), here.zone)


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d %b %Y %H:%M} ({zone.key})" if at else ""


def _known_control(_here: Here, value: str) -> str:
    action = CONTROL_CODES.get(value.upper())
    return f"{value.upper()}: {action.value}" if action else ""


def _status(table: Mapping[str, OrderStatus]) -> Callable[[Here, str], str]:
    def known(_here: Here, value: str) -> str:
        status = table.get(value.upper())
        return f"{value.upper()}: {status.label.lower()}" if status else value

    return known


_KNOWN: Mapping[str, Callable[[Here, str], str]] = {
    "site": _known_site,
    "modality": _known_modality,
    "body_part": _known_body_part,
    "urgency": _known_urgency,
    "control_code": _known_control,
    "order_status": _status(STATUS_EVENTS),
    "result_status": _status(RESULT_STATUSES),
    **dict.fromkeys(("exam_at", "scheduled_at", "ordered_at", "sent_at"), _known_time),
}
"""What a value means here; facts that are not named mean what they say."""


def _final_site(here: Here) -> str:
    return _site_words(here.site)


def _final_modality(here: Here) -> str:
    return modality_in_words(here.change.values.get("modality", ""))


def _final_body_part(here: Here) -> str:
    found: str = here.change.values.get("body_part", "")
    return found


def _final_urgency(here: Here) -> str:
    values = here.change.values
    said: str = values.get("sent_urgency") or values.get("default_urgency", "")
    return said


def _final_control(here: Here) -> str:
    facts, action = here.facts, here.change.action
    return f"{facts.control_code}: {action.value}"


def _final_procedure(here: Here) -> str:
    code = here.facts.procedure_code
    if not code:
        return ""
    found: Procedure | None = here.procedure
    return f"{code}: {found.description}" if found else f"{code}: not in the procedure table"


def _final_patient(here: Here) -> str:
    mrn = here.facts.patient.mrn
    return " of ".join(filter(None, (mrn.value, mrn.authority))) if mrn else ""


def _final_birth(here: Here) -> str:
    born: date | None = here.facts.patient.birth_on
    return f"{born:%d %b %Y}" if born else ""


def _final_provider(here: Here) -> str:
    provider = here.facts.ordering_provider
    return " ".join(part for part in (provider.id, provider.name) if part)


_FINAL: Mapping[str, Callable[[Here], str]] = {
    "site": _final_site,
    "modality": _final_modality,
    "body_part": _final_body_part,
    "urgency": _final_urgency,
    "control_code": _final_control,
    "procedure_code": _final_procedure,
    "patient_id": _final_patient,
    "patient_name": lambda here: here.facts.patient.name,
    "birth_date": _final_birth,
    "ordering_provider": _final_provider,
    "provider_contact": lambda here: here.facts.provider_contact,
    "patient_location": lambda here: here.facts.patient_location,
    "indication": lambda here: here.facts.indication,
    "exam_at": lambda here: _moment(here.facts.exam_at, here.zone),
    "scheduled_at": lambda here: _moment(here.facts.scheduled_at, here.zone),
    "ordered_at": lambda here: _moment(here.facts.ordered_at, here.zone),
    "sent_at": lambda here: _moment(here.facts.sent_at, here.zone),
}
"""What the real reading comes to; the other facts are the first filled place."""
