"""What a message asks for, understood but not yet applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.engine.codes import Reason
from apps.hl7v2.errors import FieldError
from apps.orders.choices import IdentifierKind, OrderStatus
from apps.orders.identity import Identity
from apps.orders.patients import MergeWish, PatientUpdate

OF_GROUP = "group "
"""What leads a placer's group number (ORC-4) where it stands in for the placer's number."""
OF_ALL = "all of "
"""What leads a placer's number where a cancel names every order that was placed under it."""
PLACER_RANK = 9
"""The rank of an accession that is only the placer's number; better places have lower ranks."""

MADE_BY_CHANGE = "made_by_change"
"""A flag: a later message of the order came before the one that orders it."""
URGENCY_NOT_SAID = "urgency_not_said"
"""A flag: what made the order said no urgency, and what orders it has not come yet."""


class Action(StrEnum):
    """What is to happen to an order."""

    NEW = "new"
    CHANGE = "change"
    CANCEL = "cancel"
    REPLACE = "replace"
    HOLD = "hold"
    RELEASE = "release"
    STATUS = "status"
    RESULT = "result"
    NOTE = "note"


_SAYS_NOTHING = (
    *("AF", "CN", "CP", "DE", "DF", "FU", "LI", "MC", "NA", "OF", "OK", "OP", "PC", "PR", "PY"),
    *("RC", "RE", "RF", "RR", "SN", "SR", "SS"),
    *("UA", "UC", "UD", "UF", "UH", "UM", "UN", "UR", "UX"),
)

CONTROL_CODES: Mapping[str, Action] = {
    "NW": Action.NEW,
    "PA": Action.NEW,
    "CH": Action.NEW,
    "XO": Action.CHANGE,
    "XX": Action.CHANGE,
    "RO": Action.CHANGE,
    "XR": Action.CHANGE,
    "CA": Action.CANCEL,
    "OC": Action.CANCEL,
    "DC": Action.CANCEL,
    "CR": Action.CANCEL,
    "OD": Action.CANCEL,
    "DR": Action.CANCEL,
    "RP": Action.REPLACE,
    "RU": Action.REPLACE,
    "RQ": Action.REPLACE,
    "HD": Action.HOLD,
    "OH": Action.HOLD,
    "HR": Action.HOLD,
    "RL": Action.RELEASE,
    "OE": Action.RELEASE,
    "OR": Action.RELEASE,
    "SC": Action.STATUS,
    **dict.fromkeys(_SAYS_NOTHING, Action.NOTE),
}
"""ORC-1 to what it asks for; a code that is not here is flagged and read as missing: new.

Answers, refusals and what pharmacies say ask for nothing: they are noted at orders that are
known and never make one. Source: spec 1, control codes; HL7 table 0119.
"""

RESULT_STATUSES: Mapping[str, OrderStatus] = {
    "P": OrderStatus.PRELIMINARY,
    "R": OrderStatus.PRELIMINARY,
    "F": OrderStatus.FINAL,
    "U": OrderStatus.FINAL,
    "C": OrderStatus.AMENDED,
    "M": OrderStatus.AMENDED,
    "K": OrderStatus.AMENDED,
    "X": OrderStatus.CANCELLED,
}
"""OBR-25 to the order's status; others say nothing of the reading. Source: HL7 table 0123."""

ENDED_RESULTS: Mapping[str, OrderStatus] = {
    "CM": OrderStatus.FINAL,
    "CA": OrderStatus.CANCELLED,
    "DC": OrderStatus.CANCELLED,
}
"""ORC-5 of a result that leaves OBR-25 empty. Source: HL7 table 0038."""

STATUS_EVENTS: Mapping[str, OrderStatus] = {
    "IP": OrderStatus.IN_PROGRESS,
    "I": OrderStatus.IN_PROGRESS,
    "CM": OrderStatus.FINAL,
    "F": OrderStatus.FINAL,
    "P": OrderStatus.PRELIMINARY,
    "CA": OrderStatus.CANCELLED,
    "DC": OrderStatus.CANCELLED,
    "X": OrderStatus.CANCELLED,
}
"""ORC-5, else OBR-25, of a status event. Source: spec 1; HL7 tables 0038 and 0123."""


def _of_all(placer: Identity) -> Identity:
    return placer._replace(value=f"{OF_ALL}{placer.value}"[:400])


@dataclass(frozen=True)
class OrderChange:
    """One order group, understood.

    ``identities`` are in the order in which they are tried; ``values`` are order columns, only
    those that the message fills; ``parked`` says what is missing to decide, None when nothing;
    ``report`` is the status that a result or status event brings; ``header`` and ``group`` are
    the segments as they came, each with its CR. ``placer_group`` is ORC-4, which the orders that
    were placed together share. ``own_placer`` is the OBR's placer number where its ORC has
    another: with ``shares_orc`` several OBR have that ORC, whose number is that of all of them.
    ``names_all`` says that no OBR narrows what the ORC's number stands for.
    """

    action: Action
    issuer: str
    identities: tuple[Identity, ...]
    accession: str
    accession_rank: int
    procedure_code: str
    values: Mapping[str, Any]
    patient: PatientUpdate | None
    parked: Reason | None
    report: OrderStatus | None
    header: bytes
    group: bytes
    flags: tuple[str, ...] = ()
    procedure_system: str = ""
    placer_group: str = ""
    own_placer: Identity | None = None
    shares_orc: bool = False
    names_all: bool = False

    @property
    def narrowed(self) -> tuple[tuple[Identity, Identity], ...]:
        """Return the accession with the procedure, beside the accession itself.

        Several procedures may share an accession, which as a number belongs to the first.
        """
        return tuple(
            (identity._replace(value=f"{identity.value}|{self.procedure_code}"[:400]), identity)
            for identity in self.identities
            if identity.kind is IdentifierKind.ACCESSION and self.procedure_code
        )

    @property
    def sought(self) -> tuple[Identity, ...]:
        """Return the numbers to look for; of one kind the narrower one comes first."""
        return (*(narrow for narrow, _ in self.narrowed), *self.identities, *self.beside)

    @property
    def beside(self) -> tuple[Identity, ...]:
        """Return what tells orders under one number apart without naming them by itself."""
        if self.own_placer is None:
            return ()
        return tuple(map(_of_all, self.shared)) if self.shares_orc else (self.own_placer,)

    @property
    def shared(self) -> tuple[Identity, ...]:
        """Return the placer's number that other OBR of the same ORC have too."""
        if self.own_placer is None or not self.shares_orc:
            return ()
        placers = (known for known in self.identities if known.kind is IdentifierKind.PLACER)
        return tuple(placer for placer in placers if placer != self.own_placer)

    @property
    def own_identities(self) -> tuple[Identity, ...]:
        """Return the numbers that name this order alone."""
        return tuple(known for known in self.identities if known not in self.shared)

    @property
    def cancels(self) -> tuple[Identity, ...]:
        """Return under which numbers a cancel that comes first is remembered."""
        placers = [known for known in self.identities if known.kind is IdentifierKind.PLACER]
        of_all = map(_of_all, placers) if self.names_all else ()
        own = () if self.own_placer in (None, *self.identities) else (self.own_placer,)
        return (*self.identities, *own, *of_all)

    @property
    def cancelled_by(self) -> tuple[Identity, ...]:
        """Return under which numbers a cancel may have come first."""
        return (*self.own_identities, *self.beside)

    @property
    def is_new_order(self) -> bool:
        """Return whether the sender speaks of it as new."""
        return self.action is Action.NEW


@dataclass(frozen=True)
class Reading:
    """A message, understood: the changes it asks for, in message order.

    ``note`` says why a message asks for nothing; ``problem`` why it cannot be used and waits in
    quarantine for a person; ``refusal`` what is wrong with it in itself. ``sender`` is told with
    merges only.
    """

    changes: tuple[OrderChange, ...] = ()
    patients: tuple[PatientUpdate, ...] = ()
    merges: tuple[MergeWish, ...] = ()
    note: str = ""
    flags: tuple[str, ...] = ()
    problem: str = ""
    refusal: FieldError | None = None
    sender: str = ""

    @property
    def is_used(self) -> bool:
        """Return whether the message asks for anything at all."""
        return bool(self.changes or self.patients or self.merges)
