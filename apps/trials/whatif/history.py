"""Past orders as a rehearsal takes them, and what really became of them. No patient is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from apps.assignment.choices import PARKED, EndReason
from apps.assignment.models import Assignment, Unassigned
from apps.assignment.snapshot.policies import PolicyBook, load_policies
from apps.catalog.models import Procedure, Site
from apps.engine.codes import Urgency
from apps.engine.facts import OrderFacts
from apps.engine.rehearsal import Case, Mate
from apps.engine.rehearsal.facts import Dues
from apps.orders.choices import OrderStatus
from apps.orders.models import Order
from apps.rules.choices import ClockStart, TierAction
from apps.rules.models import SlaPolicy
from apps.trials.whatif.paces import Paces

CHUNK = 2000
_NEVER: frozenset[str] = frozenset()


class Had(NamedTuple):
    """An assignment of an order, as it was."""

    order: int
    reader: str
    shift: str
    strategy: str
    escalated: bool
    assigned_at: datetime
    completed_at: datetime | None
    ended_at: datetime | None
    end_reason: str
    made_by: str


class Past(NamedTuple):
    """A past order, and who had it, in order."""

    case: Case
    had: Sequence[Had]
    reported_at: datetime | None
    due_at: datetime | None
    urgency: Urgency
    is_breached: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which past is asked for.

    ``facts`` are the attributes that rules read beside those every decision needs; what is about
    the patient is read for no other reason. ``priors_days`` 0 looks for no earlier readers.
    """

    since: datetime
    until: datetime
    facts: frozenset[str] = _NEVER
    priors_days: int = 0


def count(wanted: Wanted) -> int:
    """Return how many orders came in the time."""
    found: int = _orders(wanted).count()
    return found


def past(wanted: Wanted, paces: Paces) -> Iterator[Past]:
    """Yield the orders of the time as they came, read a few thousand at a time.

    Those that still lack a fact without which none is decided are left out.
    """
    reader = _Reader(wanted, paces)
    # Of a sender's own fields a rule asks for one, as ``own.room``; they are one column.
    asked = {fact.partition(".")[0] for fact in wanted.facts}
    columns = (*_COLUMNS, *sorted(asked & _ASKED.keys()))
    names = [_ASKED.get(name, name) for name in columns]
    rows = _orders(wanted).order_by("received_at", "pk").values_list(*names)
    found = (dict(zip(columns, row, strict=True)) for row in rows.iterator(chunk_size=CHUNK))
    while chunk := list(islice(found, CHUNK)):
        yield from reader.read(chunk)


def _orders(wanted: Wanted) -> Any:  # noqa: ANN401 -- a QuerySet that yields tuples
    return Order.objects.filter(received_at__gte=wanted.since, received_at__lt=wanted.until)


_ASKED: Mapping[str, str] = {
    "procedure_text": "procedure_text",
    "ordering_provider": "ordering_provider",
    "patient_location": "patient_location",
    "patient_sex": "patient__sex",
    "patient_birth_on": "patient__birth_on",
    "indication": "indication",
    "scheduled_at": "scheduled_at",
    "visit": "visit_number",
    "own": "own_fields",
}
"""What is read only where a rule asks for it: the fact, and its column."""
_COLUMNS = (
    *("id", "issuer", "accession", "site_id", "procedure_id", "procedure_code", "modality"),
    *("body_part", "subspecialty", "sent_urgency", "urgency", "rvu", "units", "received_at"),
    *("exam_at", "ordered_at", "held_at", "held_seconds", "status", "updated_at", "sender"),
    *("patient_class", "patient_id", "linked_key", "reported_at", "report_due_at", "breached_at"),
)


class _Reader:
    """Turns rows into cases; keeps what many orders share."""

    def __init__(self, wanted: Wanted, paces: Paces) -> None:
        self._wanted = wanted
        self._paces = paces
        self._policies = _Policies(load_policies())
        self._sites = dict(Site.objects.values_list("pk", "code"))
        self._needs = {
            pk: (frozenset(credentials), subspecialty)
            for pk, credentials, subspecialty in Procedure.objects.values_list(
                "pk", "required_credentials", "required_subspecialty"
            )
        }

    def read(self, rows: Sequence[dict[str, Any]]) -> Iterator[Past]:
        """Yield the orders of a chunk."""
        ids = [row["id"] for row in rows]
        parked = set(
            Unassigned.objects.filter(order__in=ids, reason__in=PARKED).values_list(
                "order", flat=True
            )
        )
        had = had_by_order(Assignment.objects.filter(order__in=ids))
        earlier = self._earlier(row["patient_id"] for row in rows)
        for row in rows:
            if row["id"] not in parked:
                theirs = had.get(row["id"], [])
                case = self._case(row, theirs, earlier.get(row["patient_id"], ()))
                urgency = Urgency(row["urgency"])
                reported_at, due_at = row["reported_at"], row["report_due_at"]
                is_breached = row["breached_at"] is not None
                yield Past(case, theirs, reported_at, due_at, urgency, is_breached)

    def _case(self, row: dict[str, Any], had: Sequence[Had], earlier: tuple[Mate, ...]) -> Case:
        policies = [self._policies.of(row, urgency) for urgency in Urgency]
        dues: Dues = (_due(row, policies[0]), _due(row, policies[1]), _due(row, policies[2]))
        urgency = Urgency(row["sent_urgency"])
        return Case(
            order=self._facts(row, urgency, dues),
            ready_at=row["received_at"],
            seconds=self._paces.common(row["id"], row["procedure_code"], row["modality"]),
            dues=dues,
            ends_at=_ends_at(row, had),
            reassign_after=_reassign_after(policies[urgency.rank]),
            patient=str(row["patient_id"] or ""),
            linked=row["linked_key"],
            earlier=earlier,
        )

    def _facts(self, row: dict[str, Any], urgency: Urgency, dues: Dues) -> OrderFacts:
        credentials, subspecialty = self._needs.get(row["procedure_id"], (_NEVER, ""))
        asked = {name: row[name] for name in _ASKED if row.get(name) is not None}
        return OrderFacts(
            order_id=row["id"],
            issuer=row["issuer"],
            accession=row["accession"],
            site=self._sites.get(row["site_id"], ""),
            modality=row["modality"],
            body_part=row["body_part"],
            subspecialty=row["subspecialty"],
            urgency=urgency,
            received_at=row["received_at"],
            procedure=row["procedure_code"],
            required_credentials=credentials,
            required_subspecialty=subspecialty,
            rvu=row["rvu"],
            units=row["units"],
            report_due_at=dues[urgency.rank],
            exam_at=row["exam_at"],
            ordered_at=row["ordered_at"],
            sender=row["sender"],
            patient_class=row["patient_class"],
            **asked,
        )

    def _earlier(self, patients: Iterable[int | None]) -> dict[int | None, tuple[Mate, ...]]:
        """Return these patients' studies that were read before the time asked for."""
        days, since = self._wanted.priors_days, self._wanted.since
        if not days:
            return {}
        columns = (
            *("order__patient", "order_id", "radiologist_id", "order__linked_key"),
            *("order__modality", "order__body_part", "completed_at"),
        )
        rows = Assignment.objects.filter(
            is_current=True,
            order__patient__in={one for one in patients if one is not None},
            completed_at__lt=since,
            completed_at__gte=since - timedelta(days=days),
        )
        found: dict[int | None, list[Mate]] = defaultdict(list)
        for patient, *mate in rows.values_list(*columns):
            found[patient].append(Mate(*mate))
        return {patient: tuple(mates) for patient, mates in found.items()}


class _Policies:
    """The policies by urgency, site and modality, each looked up once."""

    def __init__(self, book: PolicyBook) -> None:
        self._book = book
        self._known: dict[tuple[Urgency, int | None, str], SlaPolicy] = {}

    def of(self, row: Mapping[str, Any], urgency: Urgency) -> SlaPolicy:
        """Return the policy that an order has under an urgency."""
        key = (urgency, row["site_id"], row["modality"])
        found = self._known.get(key)
        if found is None:
            order = Order(urgency=key[0].value, site_id=key[1], modality=key[2])
            found = self._known[key] = self._book.policy_of(order)
        return found


def had_by_order(rows: Any) -> dict[int, list[Had]]:  # noqa: ANN401 -- a QuerySet of assignments
    """Return assignments by order, in order of time."""
    columns = (
        *("order_id", "radiologist_id", "shift_code", "strategy", "escalated", "assigned_at"),
        *("completed_at", "ended_at", "end_reason", "made_by"),
    )
    found: dict[int, list[Had]] = defaultdict(list)
    for row in rows.order_by("assigned_at", "pk").values_list(*columns):
        found[row[0]].append(Had(*row))
    return found


def _due(row: Mapping[str, Any], policy: SlaPolicy) -> datetime | None:
    """Return when the report is due under a policy, the time that the clock stood still added."""
    if policy.report_minutes is None:
        return None
    moments = {ClockStart.ORDERED: row["ordered_at"], ClockStart.EXAM: row["exam_at"]}
    start: datetime | None = moments.get(ClockStart(policy.clock_start))
    if start is None or start.year == MAXYEAR:
        start = row["received_at"]
    return start + timedelta(minutes=policy.report_minutes, seconds=row["held_seconds"])


def _ends_at(row: Mapping[str, Any], had: Sequence[Had]) -> datetime | None:
    """Return when an order was cancelled, or went on a hold that still lasts.

    What never had a reader is held by a rule, which the rehearsal asks itself.
    """
    if row["status"] == OrderStatus.HELD and had:
        held_at: datetime | None = row["held_at"]
        return held_at
    if row["status"] != OrderStatus.CANCELLED:
        return None
    ended = [one.ended_at for one in had if one.end_reason == EndReason.CANCELLED]
    moment: datetime = (ended[-1] if ended else None) or row["updated_at"]
    return moment


def _reassign_after(policy: SlaPolicy) -> timedelta | None:
    minutes = [tier.after_minutes for tier in policy.tiers if tier.action is TierAction.REASSIGN]
    return timedelta(minutes=min(minutes)) if minutes else None
