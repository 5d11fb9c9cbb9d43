"""What is read of an order group, before the catalogue has its say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from apps.hl7v2.people import PatientFacts, Provider
from apps.hl7v2.places import OWN, PROCEDURE, Candidate, is_own
from apps.hl7v2.urgency import UrgencyReading

_T = TypeVar("_T")


class Flag(NamedTuple):
    """Something read leniently: what, and where; never the value."""

    code: str
    place: str


class EntityId(NamedTuple):
    """An order number with its namespace. Source: HL7 v2.5.1 2.A.28, EI."""

    value: str = ""
    namespace: str = ""
    universal_id: str = ""


_NO_NUMBER = EntityId()


class ProcedureCode(NamedTuple):
    """A code of a procedure and its coding system. Source: HL7 v2.5.1 2.A.13, CE."""

    code: str
    system: str = ""


@dataclass(frozen=True, slots=True)
class RawFacts:
    """What a group says.

    ``candidates`` maps every fact of the map to its filled places in order of preference.
    ``control_code`` is ORC-1, NW when it is missing or unknown. ``order_status`` is ORC-5,
    ``result_status`` OBR-25. ``accessions`` are in the sender's order of preference. Times are
    UTC, None when missing or malformed; the latter has a flag. ``own_placer`` is the placer's
    number of the OBR where its ORC names another, ``shares_orc`` that other OBR have that ORC too.
    ``procedures`` are all codes of the procedure, the first of them ``procedure_code``.
    """

    candidates: Mapping[str, tuple[Candidate, ...]]
    control_code: str
    order_status: str
    result_status: str
    placer: EntityId
    filler: EntityId
    accessions: tuple[Candidate, ...]
    study_uid: str
    procedure_code: str
    procedure_text: str
    procedure_system: str
    urgency: UrgencyReading
    indication: str
    exam_at: datetime | None
    scheduled_at: datetime | None
    ordered_at: datetime | None
    sent_at: datetime | None
    ordering_provider: Provider
    provider_contact: str
    patient: PatientFacts
    patient_class: str
    patient_location: str
    visit_number: str
    is_status_event: bool
    flags: tuple[Flag, ...]
    own_placer: EntityId = _NO_NUMBER
    shares_orc: bool = False
    procedures: tuple[ProcedureCode, ...] = ()

    @property
    def own(self) -> dict[str, str]:
        """Return the fields of the sender's own that are filled, by name without ``own.``."""
        return {
            fact.removeprefix(OWN): found[0].value
            for fact, found in self.candidates.items()
            if found and is_own(fact)
        }

    @property
    def accession(self) -> str:
        """Return the shown accession, empty when the group has no number at all."""
        return self.accessions[0].value if self.accessions else ""


def first_known(
    candidates: Sequence[Candidate],
    known: Callable[[str], _T | None],
    procedure: _T | None = None,
) -> tuple[str, _T] | None:
    """Return the first place whose value is known, with what it means, or None.

    ``procedure`` is what the procedure table says, taken where the mapping names it.
    """
    for candidate in candidates:
        is_table = candidate.place == PROCEDURE
        meaning = procedure if is_table else known(candidate.value)
        if meaning is not None:
            return candidate.place, meaning
    return None
