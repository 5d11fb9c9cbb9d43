"""What a decision is made from: frozen facts, ordered so that equal facts are equal bytes.

``Config`` is what people edit (shifts, roster, radiologists, rules, weights); it changes
rarely, is compiled once per version and shared by many decisions. ``Workload`` is what changes
by the second. A ``Snapshot`` is both, at one moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.engine.codes import ActionType, Presence, Urgency
from apps.engine.rota import LeaveFacts, RosterRow, RotationFacts, ShiftFacts, SwapFacts


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """One study to be read, as the rules and filters see it.

    An empty string or None means unknown. ``site`` is a Site code, ``modality`` a DICOM code,
    ``body_part`` and ``subspecialty`` words of the vocabularies. ``report_due_at`` is None when
    no policy sets a time. ``passed_over`` are the ids of readers to whom it never goes by itself,
    because they had it and did not take it; a person may still give it to them. ``together`` are
    the readers who have unread studies of the same patient, or linked ones, who has most first;
    ``priors`` those who read the patient's earlier studies, the latest first; both are empty where
    that is not wanted. ``units`` is the work in the department's own unit, as fairness counts it;
    ``own`` holds the fields that the sender's profile adds, by name.
    """

    order_id: int
    issuer: str
    accession: str
    site: str
    modality: str
    body_part: str
    subspecialty: str
    urgency: Urgency
    received_at: datetime
    procedure: str = ""
    procedure_text: str = ""
    required_credentials: frozenset[str] = frozenset()
    required_subspecialty: str = ""
    rvu: Decimal = Decimal(1)
    report_due_at: datetime | None = None
    exam_at: datetime | None = None
    sender: str = ""
    ordering_provider: str = ""
    patient_class: str = ""
    patient_location: str = ""
    patient_sex: str = ""
    patient_birth_on: date | None = None
    indication: str = ""
    passed_over: frozenset[str] = frozenset()
    ordered_at: datetime | None = None
    scheduled_at: datetime | None = None
    visit: str = ""
    together: tuple[str, ...] = ()
    priors: tuple[str, ...] = ()
    units: Decimal = Decimal(1)
    own: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A place where exams are made. ``zone`` is an IANA name."""

    code: str
    cluster: str
    zone: str
    jurisdiction: str = ""
    requires_licence: bool = False
    requires_privilege: bool = False


@dataclass(frozen=True, slots=True)
class Dated:
    """A licence or privilege: what it covers and its days, both ends included, None open.

    For a licence only ``jurisdiction`` counts; for a privilege ``site``, ``modality`` and
    ``body_part``, where an empty one covers all.
    """

    jurisdiction: str = ""
    site: str = ""
    modality: str = ""
    body_part: str = ""
    start_on: date | None = None
    end_on: date | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """A named credential and its days, both ends included, None open."""

    name: str
    start_on: date | None = None
    end_on: date | None = None


@dataclass(frozen=True, slots=True)
class RadiologistFacts:
    """A reader, without what changes by the second. RVU limits None mean not limited."""

    id: str
    name: str
    is_active: bool
    credentials: tuple[Credential, ...] = ()
    specialties: frozenset[str] = frozenset()
    seniority_years: int = 0
    max_concurrent_studies: int = 20
    max_studies_per_hour: int = 8
    max_concurrent_rvu: Decimal | None = None
    max_rvu_per_hour: Decimal | None = None
    licences: tuple[Dated, ...] = ()
    privileges: tuple[Dated, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """An enabled rule. ``target`` is a shift code, radiologist id, reason or JSON list, by action.

    ``active_from`` is included, ``active_until`` is not; None is open.
    """

    id: int
    version: int
    name: str
    priority_order: int
    conditions: Mapping[str, Any]
    action: ActionType
    target: str
    is_terminal: bool
    is_strict: bool = False
    active_from: datetime | None = None
    active_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """The terms of a candidate's score; see ``SCORED`` in spec 2."""

    start: Decimal = Decimal(100)
    open_share: Decimal = Decimal(-50)
    subspecialty_match: Decimal = Decimal(20)
    stat_seniority: Decimal = Decimal(15)
    seniority_over_years: int = 5
    recently_active: Decimal = Decimal(10)
    active_within_minutes: int = 5
    quick_turnaround: Decimal = Decimal(10)
    quick_under_minutes: int = 20
    slow_turnaround: Decimal = Decimal(-10)
    slow_over_minutes: int = 40


@dataclass(frozen=True, slots=True)
class Balance:
    """How far fairness and company may go. Source: spec 3, fairness and together.

    ``catch_up_units`` is how far behind the pool's common rate a reader counts at most, so that
    a late starter, or who was away, is not flooded. ``company_share`` is how much fuller, as a
    share of the concurrent limit, than the least loaded a reader may be to be favoured for
    having the patient's other studies, or the priors.
    """

    catch_up_units: Decimal = Decimal(3)
    company_share: Decimal = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class Workload:
    """What a radiologist has on hand at the decision's moment; never cached.

    ``open_by_urgency`` counts STAT, URGENT, ROUTINE, in that order; its sum is
    ``open_studies``. ``assigned_last_hour`` and ``rvu_last_hour`` count the assignments made in
    the 60 minutes that end at the moment. ``mean_turnaround_minutes`` is None without any
    completion in the last 4 hours. ``last_on_shift`` maps shift codes to the last assignment
    there; shifts never served are missing. ``busy_until`` is when a busy presence ends.
    ``given_units`` is the work given on the present turn of duty and not taken away again, held
    and blocked studies not counted; ``worked_seconds`` its length so far, without what counts as
    other work.
    """

    radiologist: str
    presence: Presence = Presence.UNKNOWN
    last_activity_at: datetime | None = None
    open_by_urgency: tuple[int, int, int] = (0, 0, 0)
    open_rvu: Decimal = Decimal(0)
    assigned_last_hour: int = 0
    rvu_last_hour: Decimal = Decimal(0)
    last_assigned_at: datetime | None = None
    mean_turnaround_minutes: Decimal | None = None
    last_on_shift: Mapping[str, datetime] = field(default_factory=dict)
    busy_until: datetime | None = None
    given_units: Decimal = Decimal(0)
    worked_seconds: int = 0

    @property
    def open_studies(self) -> int:
        """Return the studies assigned and not yet preliminary, held ones not counted."""
        stat, urgent, routine = self.open_by_urgency
        return stat + urgent + routine


@dataclass(frozen=True, slots=True)
class Config:
    """Everything people edit that a decision reads, at one version.

    ``versions`` maps an area (``catalog``, ``roster``, ``rules``) to the number that was read.
    ``calendars`` maps a calendar's code to its holidays and closures, ``holidays`` a site's code.
    """

    versions: Mapping[str, int]
    sites: tuple[SiteFacts, ...]
    shifts: tuple[ShiftFacts, ...]
    radiologists: tuple[RadiologistFacts, ...]
    roster: tuple[RosterRow, ...]
    rules: tuple[RuleFacts, ...]
    leaves: tuple[LeaveFacts, ...] = ()
    swaps: tuple[SwapFacts, ...] = ()
    extras: tuple[RosterRow, ...] = ()
    rotations: tuple[RotationFacts, ...] = ()
    weights: Weights = Weights()
    balance: Balance = Balance()
    holidays: Mapping[str, frozenset[date]] = field(default_factory=dict)
    calendars: Mapping[str, frozenset[date]] = field(default_factory=dict)
    regions: Mapping[str, frozenset[str]] = field(default_factory=dict)
