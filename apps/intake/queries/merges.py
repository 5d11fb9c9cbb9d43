"""Patients that were merged: the list, one merge, what undoing it or making it again would do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from django.db.models import QuerySet

from apps.audit.models import AuditEvent
from apps.hl7v2.errors import FieldError
from apps.hl7v2.people import read_patient
from apps.intake.models import InboundMessage
from apps.intake.processing.catalogue import current_catalogue
from apps.intake.processing.patients import patient_update
from apps.intake.processing.reading import open_message
from apps.orders.models import Order, OrderSegments, Patient, PatientMerge
from apps.orders.patients import Key

_SHOWN = 100
_PERSONAL = tuple(
    f"{who}__{name}"
    for who in ("dead", "survivor")
    for name in ("mrn", "family_name", "given_name", "birth_on", "sex")
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What undoing a merge, or making it again, would do as things are now.

    ``order_ids`` are the orders that would go to the other patient. ``refused`` says why it
    cannot be, ``first`` which other merge has to be undone before. ``token`` changes with any of
    it, so that nobody agrees to something else than they saw.
    """

    order_ids: tuple[int, ...] = ()
    refused: str = ""
    first: PatientMerge | None = None

    @property
    def token(self) -> str:
        """Return what tells this plan from any other."""
        told = f"{self.refused} {sorted(self.order_ids)}"
        return blake2b(told.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class MergePage:
    """One merge; ``orders`` are those that would go to the other patient, the newest first.

    ``message_id`` is None where the message that asked for it is not kept any more.
    """

    merge: PatientMerge
    message_id: int | None
    plan: Plan
    orders: Sequence[Order]
    openings: Sequence[AuditEvent]


def merges() -> QuerySet[PatientMerge]:
    """Return the merges, newest first, without anything of the patients."""
    return _with_patients().defer(*_PERSONAL).order_by("-pk")


def merge_of(merge_id: int) -> PatientMerge | None:
    """Return a merge with both patients, None where there is none of that key."""
    return _with_patients().filter(pk=merge_id).first()


def merge_page(merge: PatientMerge) -> MergePage:
    """Return what the page of a merge shows."""
    plan = plan_of(merge)
    message = InboundMessage.objects.filter(pk=merge.message_id) if merge.message_id else None
    openings = AuditEvent.objects.filter(entity="orders_patientmerge", entity_id=str(merge.pk))
    return MergePage(
        merge=merge,
        message_id=merge.message_id if message is not None and message.exists() else None,
        plan=plan,
        orders=orders_in(plan),
        openings=list(openings.order_by("-pk")[:_SHOWN]),
    )


def orders_in(plan: Plan) -> Sequence[Order]:
    """Return the newest orders of a plan."""
    rows = Order.objects.filter(pk__in=plan.order_ids).select_related("site").order_by("-pk")
    return list(rows.only("accession", "status", "site", "received_at")[:_SHOWN])


def plan_of(merge: PatientMerge) -> Plan:
    """Return what can be done about a merge: undo it while it stands, else make it again."""
    return undoing(merge) if merge.undone_at is None else repeating(merge)


def undoing(merge: PatientMerge) -> Plan:
    """Return what undoing a merge that stands would do."""
    if merge.undone_at is not None:
        return Plan(refused="It was undone already.")
    if merge.survivor.merged_into_id is not None:
        later = _standing(merge.survivor_id)
        return Plan(refused="The survivor was merged into another since.", first=later)
    return Plan(tuple(_going_back(merge)))


def repeating(merge: PatientMerge) -> Plan:
    """Return what making a merge that was undone again would do."""
    if merge.undone_at is None:
        return Plan(refused="It stands.")
    if merge.dead.merged_into_id is not None:
        other = _standing(merge.dead_id)
        return Plan(refused="The number was merged away again since.", first=other)
    if merge.survivor.merged_into_id is not None:
        other = _standing(merge.survivor_id)
        return Plan(refused="The survivor was merged into another since.", first=other)
    orders = Order.objects.filter(patient=merge.dead_id).order_by("pk")
    return Plan(tuple(orders.values_list("pk", flat=True)))


def _with_patients() -> QuerySet[PatientMerge]:
    return PatientMerge.objects.select_related("dead", "survivor")


def _standing(dead_id: int) -> PatientMerge | None:
    return PatientMerge.objects.filter(dead=dead_id, undone_at__isnull=True).first()


def _going_back(merge: PatientMerge) -> Iterable[int]:
    """Return the survivor's orders of which the sender's own words name the dead number.

    A number that was merged into the dead one names it too. An order that its sender has moved
    to the survivor by itself, since the merge, stays.
    """
    dead = _keys_under(merge.dead)
    rows = OrderSegments.objects.filter(order__patient=merge.survivor_id).order_by("order_id")
    for segments in rows.only("order_id", "header").iterator(chunk_size=500):
        if _named_in(bytes(segments.header)) in dead:
            yield segments.order_id


def _keys_under(dead: Patient) -> set[Key]:
    """Return the number and those that were merged into it, in turn."""
    found: dict[int, Key] = {}
    level = [dead]
    while level:
        found |= {patient.pk: (patient.authority, patient.mrn) for patient in level}
        below = Patient.objects.filter(merged_into__in=[patient.pk for patient in level])
        level = [patient for patient in below if patient.pk not in found]
    return set(found.values())


def _named_in(header: bytes) -> Key | None:
    """Return the patient that an order's own PID names, None where it names none."""
    try:
        message, sender = open_message(header, catalogue=current_catalogue())
    except FieldError:
        return None
    facts = read_patient(message.first("PID"), sender.read_as.mapping)
    told = patient_update(facts, sender.issuer)
    return told.key if told else None
