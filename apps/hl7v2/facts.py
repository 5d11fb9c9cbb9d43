"""What one order group says, read through a sender's mapping table.

"The first place that is filled *and known*" needs the catalogue, which this package does not
have; so for every fact the filled places are handed on in order of preference, and
``first_known`` picks with the caller's own knowledge. What can be read without the catalogue
(identifiers, urgency, times, people, indication) is read here. Source: spec 1, table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from apps.hl7v2.accession import is_number
from apps.hl7v2.groups import Group
from apps.hl7v2.indication import read_indication
from apps.hl7v2.mapping import FactMapping, Finder, default_mapping
from apps.hl7v2.message import Message, Repetition, is_filled
from apps.hl7v2.people import patient_facts, read_contact, read_provider
from apps.hl7v2.places import Candidate, Place
from apps.hl7v2.rawfacts import EntityId, Flag, ProcedureCode, RawFacts, first_known
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
    message: Message, group: Group, *, zone: tzinfo, mapping: FactMapping | None = None
) -> RawFacts:
    """Read one group.

    Args:
        message: the message the group came from; its flags are handed on.
        group: one requested procedure.
        zone: the zone of times without an offset, the sender's or site's.
        mapping: the sender's; None for the usual places and words.
    """
    return _Reader(message, group, zone, mapping or default_mapping()).read()


class _Reader:
    """Reads one group once; collects flags on the way."""

    def __init__(self, message: Message, group: Group, zone: tzinfo, mapping: FactMapping) -> None:
        self.group = group
        self.zone = zone
        self.mapping = mapping
        self.places = mapping.places
        self.finder = Finder(group.first, group.all)
        self.flags = [Flag(code, "MSH-18" if code == "charset" else "") for code in message.flags]

    def read(self) -> RawFacts:
        candidates = {
            fact: self.finder.candidates(places)
            for fact, places in self.places.items()
            if fact not in _STRUCTURED
        }
        candidates["accession"] = self.accessions(candidates["accession"])
        urgency = read_urgency(candidates["urgency"], self.mapping.words_of("urgency"))
        if urgency.unknown:
            self.flags.append(Flag("unknown_urgency", candidates["urgency"][0].place))
        patient = patient_facts(self.finder, self.places)
        if patient.is_birth_date_bad:
            self.flags.append(Flag("bad_time", self.places["birth_date"][0].text))
        control_code = self.control_code(candidates["control_code"])
        procedures = self.procedures(candidates["procedure_code"], candidates["procedure_system"])
        return RawFacts(
            candidates=candidates,
            control_code=control_code,
            order_status=_first_value(candidates["order_status"]).upper(),
            result_status=_first_value(candidates["result_status"]).upper(),
            placer=self.entity("placer"),
            filler=self.entity("filler"),
            accessions=candidates["accession"],
            study_uid=_first_value(candidates["study_uid"]),
            procedure_code=_first_value(candidates["procedure_code"]),
            procedure_text=_first_value(candidates["procedure_text"]),
            procedure_system=(
                procedures[0].system
                if procedures
                else _first_value(candidates["procedure_system"])
            ),
            urgency=urgency,
            indication=read_indication(self.finder, self.places["indication"]),
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
            own_placer=self.own_placer(),
            shares_orc=self.group.shares_orc,
            procedures=procedures,
        )

    def accessions(self, found: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Leave out what is no number: some write ``MR^20061213-0007`` into OBR-18."""
        words = self.mapping.words_of("modality")
        kept = (
            candidate
            if is_number(candidate.value, candidate.place, words)
            else self.beside(candidate)
            for candidate in found
        )
        return tuple(candidate for candidate in kept if candidate is not None)

    def beside(self, candidate: Candidate) -> Candidate | None:
        """Return the number in the second component of OBR-18."""
        obr = self.finder.first("OBR") if candidate.place == "OBR-18.1" else None
        value = obr.get(18, 2).strip() if obr else ""
        is_number = any(char.isdigit() for char in value) and " " not in value
        return Candidate("OBR-18.2", value) if is_number else None

    def procedures(
        self, codes: Sequence[Candidate], systems: Sequence[Candidate]
    ) -> tuple[ProcedureCode, ...]:
        """Return the codes with their systems: that beside a code, else the first of the others.

        A place of the sender's own may have its system anywhere.
        """
        if not systems:
            return tuple([ProcedureCode(code) for _, code in codes])
        said, listed, others = dict(systems), self.mapping.system_places, systems[0].value
        found = []
        for place, code in codes:
            beside = _SYSTEMS.get(place, "")
            found.append(ProcedureCode(code, said.get(beside, "" if beside in listed else others)))
        return tuple(found)

    def control_code(self, candidates: Sequence[Candidate]) -> str:
        code = _first_value(candidates).upper() or "NW"
        if code not in _KNOWN_CONTROLS:
            self.flags.append(Flag("unknown_control_code", candidates[0].place))
            return "NW"
        return code

    def repetition(self, fact: str) -> Repetition | None:
        found = self.finder.repetitions(self.places[fact])
        return found[0] if found and is_filled(found[0].text) else None

    def entity(self, fact: str) -> EntityId:
        """Return the first number; of a place that is a part of a field, that part alone."""
        return next(filter(_has_value, map(self.entity_at, self.places[fact])), EntityId())

    def entity_at(self, place: Place) -> EntityId:
        if place.kind or place.path.component is not None:
            return EntityId(self.finder.value(place))
        repetition = next(iter(self.finder.repetitions((place,))), None)
        if repetition is None or not is_filled(value := repetition.component(1).strip()):
            return EntityId()
        return EntityId(value, *(repetition.component(n).strip() for n in (2, 3)))

    def own_placer(self) -> EntityId:
        """Return the OBR's placer number where its ORC gives another one.

        Of several OBR under one ORC each has a number of its own there, and the ORC's is that of
        all of them together.
        """
        orc, obr = self.finder.first("ORC"), self.finder.first("OBR")
        # The text first: in most messages both say the same, or one says nothing.
        if orc is None or obr is None or obr.text(2) in ("", orc.text(2)):
            return EntityId()
        places = self.places["placer"]
        found = [
            next(filter(_has_value, map(self.entity_at, _of(places, name))), EntityId())
            for name in ("ORC", "OBR")
        ]
        return found[1] if all(map(_has_value, found)) and found[0] != found[1] else EntityId()

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


_SYSTEMS = {
    f"{field}.{code}": f"{field}.{code + 2}" for field in ("OBR-4", "OBR-44") for code in (1, 4)
}
"""Where the coding system of a code stands. Source: HL7 v2.5.1 2.A.13, CE."""
_STRUCTURED = frozenset(
    {
        *("placer", "filler", "indication", "ordering_provider", "provider_contact"),
        *("patient_location", "patient_id", "patient_name", "birth_date", "sex"),
    }
)


def _has_value(number: EntityId) -> bool:
    return bool(number.value)


def _of(places: Sequence[Place], segment: str) -> Iterator[Place]:
    return (place for place in places if place.path.segment == segment)


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
