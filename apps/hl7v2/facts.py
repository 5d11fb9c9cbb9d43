"""What one order group says, read through a sender's mapping table.

"The first place that is filled *and known*" needs the catalogue, which this package does not
have; so for every fact the filled places are handed on in order of preference, and
``first_known`` picks with the caller's own knowledge. What can be read without the catalogue
(identifiers, urgency, times, people, indication) is read here. Source: spec 1, table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from apps.hl7v2.groups import Group
from apps.hl7v2.indication import matching_obx, read_indication
from apps.hl7v2.message import Message, Repetition, Segment, is_filled
from apps.hl7v2.people import read_contact, read_patient, read_provider
from apps.hl7v2.places import DEFAULT_FACTS, PROCEDURE, Candidate, FactMap, Place, parse_place
from apps.hl7v2.rawfacts import EntityId, Flag, RawFacts, first_known
from apps.hl7v2.timestamps import parse_ts
from apps.hl7v2.urgency import read_urgency

__all__ = [
    "Candidate",
    "EntityId",
    "Flag",
    "RawFacts",
    "first_known",
    "is_status_event",
    "read_group",
    "says_reviewed",
]

_STATUS_CONTROLS = frozenset({"SC", "SN"})
_ORDER_CONTROLS = (
    "AF CA CH CN CP CR DC DE DF DR FU HD HR LI MC NA NW OC OD OE OF OH OK OP OR PA PC PR PY RC "
    "RE RF RL RO RP RQ RR RU SC SN SR SS UA UC UD UF UH UM UN UR UX XO XR XX"
)
_KNOWN_CONTROLS = frozenset(_ORDER_CONTROLS.split())
"""Source: HL7 table 0119."""


def read_group(
    message: Message,
    group: Group,
    *,
    zone: tzinfo,
    facts: FactMap | None = None,
    urgency_words: Mapping[str, str] | None = None,
) -> RawFacts:
    """Read one group.

    Args:
        message: the message the group came from; its flags are handed on.
        group: one requested procedure.
        zone: the zone of times without an offset, the sender's or site's.
        facts: the sender's mapping; facts it leaves out have their default places.
        urgency_words: the sender's priority words in upper case, before the common ones.

    Raises:
        PathError: the mapping names a place that is none; see ``check_facts``.
    """
    return _Reader(message, group, zone, facts or {}, urgency_words).read()


class _Reader:
    """Reads one group once; collects flags on the way."""

    def __init__(
        self,
        message: Message,
        group: Group,
        zone: tzinfo,
        facts: FactMap,
        urgency_words: Mapping[str, str] | None,
    ) -> None:
        self.group = group
        self.zone = zone
        self.facts = {**DEFAULT_FACTS, **facts}
        self.urgency_words = urgency_words
        self.flags = [Flag(code, "MSH-18" if code == "charset" else "") for code in message.flags]
        self.firsts: dict[str, Segment | None] = {}

    def read(self) -> RawFacts:
        candidates = {
            fact: self.candidates(fact) for fact in self.facts if fact not in _STRUCTURED
        }
        urgency = read_urgency(candidates["urgency"], self.urgency_words)
        if urgency.unknown:
            self.flags.append(Flag("unknown_urgency", candidates["urgency"][0].place))
        patient = read_patient(self.first("PID"))
        if patient.is_birth_date_bad:
            self.flags.append(Flag("bad_time", "PID-7"))
        control_code = self.control_code()
        return RawFacts(
            candidates=candidates,
            control_code=control_code,
            order_status=self.value("ORC", 5).upper(),
            result_status=self.value("OBR", 25).upper(),
            placer=self.entity("placer"),
            filler=self.entity("filler"),
            accessions=candidates["accession"],
            study_uid=_first_value(candidates["study_uid"]),
            procedure_code=_first_value(candidates["procedure_code"]),
            procedure_text=_first_value(candidates["procedure_text"]),
            procedure_system=_first_value(candidates["procedure_system"]),
            urgency=urgency,
            indication=read_indication(self.group, self.facts["indication"]),
            exam_at=self.time(candidates["exam_at"]),
            scheduled_at=self.time(candidates["scheduled_at"]),
            ordered_at=self.time(candidates["ordered_at"]),
            sent_at=self.time(candidates["sent_at"]),
            ordering_provider=read_provider(self.repetition("ordering_provider")),
            provider_contact=read_contact(self.repetition("provider_contact")),
            patient=patient,
            patient_class=_first_value(candidates["patient_class"]).upper(),
            patient_location=self.location(),
            visit_number=_first_value(candidates["visit_number"]),
            is_status_event=control_code in _STATUS_CONTROLS or says_reviewed(self.group),
            flags=tuple(self.flags),
        )

    def first(self, name: str) -> Segment | None:
        if name not in self.firsts:
            self.firsts[name] = self.group.first(name)
        return self.firsts[name]

    def value(self, name: str, field: int) -> str:
        segment = self.first(name)
        value = segment.get(field).strip() if segment else ""
        return value if is_filled(value) else ""

    def control_code(self) -> str:
        code = self.value("ORC", 1).upper() or "NW"
        if code not in _KNOWN_CONTROLS:
            self.flags.append(Flag("unknown_control_code", "ORC-1"))
            return "NW"
        return code

    def candidates(self, fact: str) -> tuple[Candidate, ...]:
        found: list[Candidate] = []
        for text in self.facts[fact]:
            if text == PROCEDURE:
                found.append(Candidate(text, ""))
            elif value := self.at(parse_place(text)):
                found.append(Candidate(text, value))
        return tuple(found)

    def at(self, place: Place) -> str:
        segment = self.segment_of(place)
        if segment is None:
            return ""
        value = segment.at(place.path).strip()
        if place.kind == "word":
            words = value.split()
            number = int(place.words[0])
            value = words[number - 1] if number <= len(words) else ""
        return value if is_filled(value) else ""

    def segment_of(self, place: Place) -> Segment | None:
        if place.kind in ("type", "code"):
            return next(matching_obx(self.group, place), None)
        return self.first(place.path.segment)

    def repetition(self, fact: str) -> Repetition | None:
        for text in self.facts[fact]:
            place = parse_place(text)
            segment = self.segment_of(place)
            repetitions = segment.repetitions(place.path.field) if segment else []
            if repetitions and is_filled(repetitions[0].text):
                return repetitions[0]
        return None

    def entity(self, fact: str) -> EntityId:
        repetition = self.repetition(fact)
        if repetition is None or not is_filled(value := repetition.component(1).strip()):
            return EntityId()
        return EntityId(value, repetition.component(2).strip(), repetition.component(3).strip())

    def time(self, candidates: Sequence[Candidate]) -> datetime | None:
        for candidate in candidates:
            moment = parse_ts(candidate.value, self.zone)
            if moment is not None:
                return moment
            self.flags.append(Flag("bad_time", candidate.place))
        return None

    def location(self) -> str:
        """Return PV1-3 as people read it: ward, room, bed and facility."""
        repetition = self.repetition("patient_location")
        if repetition is None:
            return ""
        parts = (repetition.component(number, 1).strip() for number in range(1, 5))
        return " ".join(part for part in parts if is_filled(part))


_STRUCTURED = frozenset(
    {"placer", "filler", "indication", "ordering_provider", "provider_contact", "patient_location"}
)


def _first_value(candidates: Sequence[Candidate]) -> str:
    return candidates[0].value if candidates else ""


def says_reviewed(group: Group) -> bool:
    """Return whether an OBX of the group says REVIEWED: its reading has begun or is over."""
    return any(
        "REVIEWED" in (segment.get(3).strip().upper(), segment.get(5).strip().upper())
        for segment in group.segments
        # The bytes first: a message may hold 100,000 OBX.
        if segment.name == "OBX" and b"REVIEWED" in segment.raw.upper()
    )


def is_status_event(group: Group) -> bool:
    """Return whether the group tells of progress (ORC-1 SC or SN, or REVIEWED), not of work."""
    orc = group.first("ORC")
    control = orc.get(1).strip().upper() if orc else ""
    return control in _STATUS_CONTROLS or says_reviewed(group)
