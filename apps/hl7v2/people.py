"""Patients and providers as messages name them: PID, PV1, MRG, XCN, XTN.

Nothing here is ever logged: these values are patient data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date

from apps.hl7v2.mapping import FactMapping, Finder, default_mapping
from apps.hl7v2.message import Message, Repetition, Segment, is_filled
from apps.hl7v2.places import Place
from apps.hl7v2.timestamps import parse_date, parse_ts

MRN_TYPES = ("MR", "PI", "PT", "")


@dataclass(frozen=True, slots=True)
class PatientId:
    """One CX: the number, the authority that gave it (its name, else its OID) and its type.

    ``universal`` is the authority's OID (CX-4.2) beside its name; it is no part of who it is.
    """

    value: str
    authority: str = ""
    type: str = ""
    universal: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """Who the patient is; ``ids`` in message order, the rest of the first name given."""

    ids: tuple[PatientId, ...] = ()
    family: str = ""
    given: str = ""
    middle: str = ""
    birth_on: date | None = None
    sex: str = ""
    is_birth_date_bad: bool = False

    @property
    def mrn(self) -> PatientId | None:
        """Return the medical record number: the first of type MR, else the likeliest id."""
        for wanted in MRN_TYPES:
            for candidate in self.ids:
                if candidate.type.upper() == wanted:
                    return candidate
        return self.ids[0] if self.ids else None

    @property
    def name(self) -> str:
        """Return the name for people, ``DOE, John``-like; empty when there is none."""
        given = " ".join(part for part in (self.given, self.middle) if part)
        return ", ".join(part for part in (self.family, given) if part)


@dataclass(frozen=True, slots=True)
class Provider:
    """One XCN; an empty id means that only the name was sent."""

    id: str = ""
    family: str = ""
    given: str = ""
    authority: str = ""

    @property
    def name(self) -> str:
        """Return family and given name, comma between."""
        return ", ".join(part for part in (self.family, self.given) if part)


@dataclass(frozen=True, slots=True)
class Merge:
    """One ADT^A40 pair: ``survivor`` keeps everything, ``prior`` ids are dead. Source: MRG.

    ``place`` says which MRG of the message it is, counted from 1.
    """

    survivor: PatientFacts
    prior: tuple[PatientId, ...]
    place: int = field(default=1, compare=False)


def read_ids(repetitions: Iterable[Repetition]) -> tuple[PatientId, ...]:
    """Return the filled identifiers of a CX field, each once, in order."""
    found = (_read_id(repetition) for repetition in repetitions)
    return tuple(dict.fromkeys(patient_id for patient_id in found if is_filled(patient_id.value)))


def _read_id(repetition: Repetition) -> PatientId:
    universal = _filled(repetition.component(4, 2))
    return PatientId(
        repetition.component(1).strip(),
        _filled(repetition.component(4, 1)) or universal,
        repetition.component(5).strip(),
        universal,
    )


def read_patient(pid: Segment | None, mapping: FactMapping | None = None) -> PatientFacts:
    """Return what a PID says, through the sender's mapping as far as that speaks of PID."""
    if pid is None:
        return PatientFacts()
    finder = Finder(
        lambda name: pid if name == "PID" else None,
        lambda name: iter([pid] if name == "PID" else []),
    )
    return patient_facts(finder, (mapping or default_mapping()).places)


def patient_facts(finder: Finder, places: Mapping[str, tuple[Place, ...]]) -> PatientFacts:
    """Return who the patient is; PID-2 stands in where PID-3 is empty, as before 2.3."""
    birth = _first(finder, places["birth_date"])
    name = next(iter(finder.repetitions(places["patient_name"])), None)
    family, given, middle = ("", "", "")
    if name is not None:
        family = _filled(name.component(1, 1))
        given, middle = (_filled(name.component(number)) for number in (2, 3))
    return PatientFacts(
        ids=_ids(finder, places["patient_id"]),
        family=family,
        given=given,
        middle=middle,
        birth_on=parse_date(birth),
        sex=_first(finder, places["sex"]).upper(),
        is_birth_date_bad=bool(birth) and parse_ts(birth, UTC) is None,
    )


def _ids(finder: Finder, places: tuple[Place, ...]) -> tuple[PatientId, ...]:
    for place in places:
        if place.kind == "fixed":
            return (PatientId(place.words[0]),)
        if ids := read_ids(finder.repetitions((place,))):
            return ids
    return ()


def _first(finder: Finder, places: tuple[Place, ...]) -> str:
    return next((value for place in places if (value := finder.value(place))), "")


def _filled(value: str) -> str:
    value = value.strip()
    return value if is_filled(value) else ""


def read_provider(repetition: Repetition | None) -> Provider:
    """Return what an XCN (or a CN of older versions) says."""
    if repetition is None:
        return Provider()
    return Provider(
        id=_filled(repetition.component(1)),
        family=_filled(repetition.component(2, 1)),
        given=_filled(repetition.component(3)),
        authority=_filled(repetition.component(9, 1)),
    )


def read_contact(repetition: Repetition | None) -> str:
    """Return a telephone number or address of an XTN, however it is written."""
    if repetition is None:
        return ""
    written = _filled(repetition.component(1)) or _filled(repetition.component(12))
    if written:
        return written
    parts = [_filled(repetition.component(number)) for number in (5, 6, 7)]
    return "-".join(part for part in parts if part) or _filled(repetition.component(4))


def read_merges(message: Message, mapping: FactMapping | None = None) -> list[Merge]:
    """Return the pairs of a merge message in order: each PID with the MRG that follows it."""
    merges: list[Merge] = []
    pid: Segment | None = None
    place = 0
    for segment in message.segments:
        if segment.name == "PID":
            pid = segment
        elif segment.name == "MRG":
            place += 1
            if pid is not None:
                prior = read_ids(segment.repetitions(1)) or read_ids(segment.repetitions(4))
                merges.append(Merge(read_patient(pid, mapping), prior, place))
    return merges
