"""Patients and providers as messages name them: PID, PV1, MRG, XCN, XTN.

Nothing here is ever logged: these values are patient data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date

from apps.hl7v2.message import Message, Repetition, Segment, is_filled
from apps.hl7v2.timestamps import parse_date, parse_ts

_MRN_TYPES = ("MR", "PI", "PT", "")


@dataclass(frozen=True, slots=True)
class PatientId:
    """One CX: the number, the authority that gave it (its name, else its OID) and its type."""

    value: str
    authority: str = ""
    type: str = ""


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
        for wanted in _MRN_TYPES:
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
    """One ADT^A40 pair: ``survivor`` keeps everything, ``prior`` ids are dead. Source: MRG."""

    survivor: PatientFacts
    prior: tuple[PatientId, ...]


def read_ids(segment: Segment, field: int) -> tuple[PatientId, ...]:
    """Return the filled identifiers of a CX field, each once, in order."""
    found = (_read_id(repetition) for repetition in segment.repetitions(field))
    return tuple(dict.fromkeys(patient_id for patient_id in found if is_filled(patient_id.value)))


def _read_id(repetition: Repetition) -> PatientId:
    authority = repetition.component(4, 1).strip() or repetition.component(4, 2).strip()
    return PatientId(
        repetition.component(1).strip(),
        authority if is_filled(authority) else "",
        repetition.component(5).strip(),
    )


def read_patient(pid: Segment | None) -> PatientFacts:
    """Return what a PID says; PID-2 stands in where PID-3 is empty, as senders before 2.3 do."""
    if pid is None:
        return PatientFacts()
    birth = pid.get(7).strip()
    return PatientFacts(
        ids=read_ids(pid, 3) or read_ids(pid, 2),
        family=_filled(pid.get(5, 1, 1)),
        given=_filled(pid.get(5, 2)),
        middle=_filled(pid.get(5, 3)),
        birth_on=parse_date(birth),
        sex=_filled(pid.get(8)).upper(),
        is_birth_date_bad=is_filled(birth) and parse_ts(birth, UTC) is None,
    )


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


def read_merges(message: Message) -> list[Merge]:
    """Return the pairs of a merge message in order: each PID with the MRG that follows it."""
    merges: list[Merge] = []
    pid: Segment | None = None
    for segment in message.segments:
        if segment.name == "PID":
            pid = segment
        elif segment.name == "MRG" and pid is not None:
            prior = read_ids(segment, 1) or read_ids(segment, 4)
            merges.append(Merge(read_patient(pid), prior))
    return merges
