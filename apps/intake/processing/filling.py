"""Takes over what a change says of an order, and says whether that is enough to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.assignment.desk import Case
from apps.assignment.study import URGENCY_BY_HAND
from apps.engine.codes import Reason, Urgency
from apps.engine.vocabulary import specialty_for
from apps.intake.processing.changes import MADE_BY_CHANGE, URGENCY_NOT_SAID, OrderChange
from apps.intake.processing.session import Session
from apps.orders.choices import OrderStatus
from apps.orders.models import Patient
from apps.orders.patients import PatientUpdate

_UNDECIDED = frozenset({OrderStatus.RECEIVED, OrderStatus.UNASSIGNED})
_NO_MODALITY = frozenset({Reason.UNKNOWN_MODALITY, Reason.UNKNOWN_PROCEDURE})
_OF_THE_PROCEDURE = frozenset({"procedure_id", "procedure_code", "procedure_text", "rvu"})
_ROUTED_BY = ("site_id", "modality", "body_part", "subspecialty", "procedure_id")


def fill(session: Session, case: Case, change: OrderChange) -> bool:
    """Take over what a change says; return whether what routes the order changed.

    A change leaves what it does not fill; the urgency stands unless the sender says another
    than the last time, so that a rule's or a person's choice is not undone by a repeat. What
    made an order that a change brought to us first comes late: it fills what is still missing.
    """
    order, before = case.order, _routing(case)
    is_late = is_awaited(case, change)
    values = dict(change.values)
    values.pop("subspecialty", None)
    sent, default = values.pop("sent_urgency", None), values.pop("default_urgency")
    urgency = _urgency(case, sent, default, is_late=is_late)
    if change.procedure_code:
        values.setdefault("procedure_id", None)
        if change.procedure_code != order.procedure_code:
            values.setdefault("procedure_text", "")
    own = values.pop("own_fields", {})
    order.own_fields = own | order.own_fields if is_late else order.own_fields | own
    if is_late:
        values = _missing_values(case, values)
    for name, value in values.items():
        setattr(order, name, value)
    _improve_accession(case, change, only_better=is_late)
    case.procedure = session.procedure(order.procedure_id)
    order.subspecialty = _subspecialty(case)
    session.desk.set_units(case)
    _take_patient(session, case, change, only_missing=is_late)
    _set_urgency(session, case, urgency)
    session.desk.set_due_times(case, anew=_routing(case) != before)
    _note_flags(session, case, change)
    if sent is not None or is_late:
        session.desk.unflag(case, URGENCY_NOT_SAID)
    if is_late:
        session.desk.unflag(case, MADE_BY_CHANGE)
    session.desk.pending.touch(case)
    return _routing(case) != before


def is_awaited(case: Case, change: OrderChange) -> bool:
    """Return whether a change is the new order (NW) that a later message of it overtook."""
    return change.is_new_order and MADE_BY_CHANGE in case.order.flags


def _missing_values(case: Case, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the order still lacks; what belongs to a procedure comes with its code."""
    order = case.order
    has_procedure = bool(order.procedure_code)
    is_same = order.procedure_code == values.get("procedure_code")
    return {
        name: value
        for name, value in values.items()
        if (name in _OF_THE_PROCEDURE and not has_procedure)
        or (getattr(order, name) in ("", None) and (is_same or name not in _OF_THE_PROCEDURE))
    }


def _take_patient(
    session: Session, case: Case, change: OrderChange, *, only_missing: bool
) -> None:
    told = change.patient
    if told is not None and only_missing and case.patient is not None:
        told = _missing_of(case.patient, told)
    if told is not None:
        session.set_patient(case, told)


def _missing_of(patient: Patient, told: PatientUpdate) -> PatientUpdate | None:
    """Return what the patient still lacks, None where another patient is spoken of."""
    if told.key != (patient.authority, patient.mrn):
        return None
    known = {name: "" for name in ("family_name", "given_name", "sex") if getattr(patient, name)}
    lacks_date = patient.birth_on is None
    return replace(told, **known, birth_on=told.birth_on if lacks_date else None)


def _note_flags(session: Session, case: Case, change: OrderChange) -> None:
    if case.procedure is not None:
        session.desk.unflag(case, "unknown_procedure")
    for flag in change.flags:
        # Of another procedure than the one that the order has by now nobody needs to know.
        if flag != "unknown_procedure" or case.procedure is None:
            session.desk.flag(case, flag)


def settle(session: Session, case: Case, parked: Reason | None) -> None:
    """Decide an order that has no reader, or park it with what is missing.

    Whose reader a person took off is left to people, whatever its sender repeats of it.
    """
    is_put_aside = case.queued is not None and case.queued.reason == Reason.BY_HAND
    if case.order.status not in _UNDECIDED or is_put_aside:
        return
    if parked is None:
        if not (session.gathers and session.desk.gather(case)):
            session.desk.decide(case)
    else:
        session.desk.queue(case, parked)


def missing(case: Case, change: OrderChange) -> Reason | None:
    """Return what the order still lacks, all its messages taken together."""
    if change.parked is None:
        return None
    order = case.order
    if order.site_id is None:
        return Reason.UNKNOWN_SITE
    if not order.modality:
        return change.parked if change.parked in _NO_MODALITY else Reason.UNKNOWN_MODALITY
    return Reason.NO_PATIENT if order.patient_id is None else None


def _routing(case: Case) -> tuple[Any, ...]:
    return tuple(getattr(case.order, name) for name in _ROUTED_BY)


def _urgency(case: Case, sent: str | None, default: str, *, is_late: bool) -> Urgency | None:
    """Return the urgency to set, None to leave it: nothing said, or nothing new said."""
    order = case.order
    is_made = case.is_new and order.status == OrderStatus.RECEIVED
    if is_made or (is_late and URGENCY_NOT_SAID in order.flags):
        order.sent_urgency = sent or default
        return Urgency(order.sent_urgency)
    if sent is None or sent == order.sent_urgency or is_late:
        return None
    order.sent_urgency = sent
    return Urgency(sent)


def _set_urgency(session: Session, case: Case, urgency: Urgency | None) -> None:
    if urgency is None:
        return
    session.desk.unflag(case, URGENCY_BY_HAND)
    if case.assignment is None or case.order.status == OrderStatus.CANCELLED:
        case.order.urgency = urgency.value
    else:
        session.desk.set_urgency(case, urgency)


def _improve_accession(case: Case, change: OrderChange, *, only_better: bool) -> None:
    """Show the better number: an NW may bring only a placer, a later XO the accession."""
    order = case.order
    is_newer = change.accession_rank == order.accession_rank and not only_better
    if change.accession and (is_newer or change.accession_rank < order.accession_rank):
        order.accession = change.accession
        order.accession_rank = change.accession_rank


def _subspecialty(case: Case) -> str:
    named = case.procedure.subspecialty if case.procedure else ""
    return named or specialty_for(case.order.modality, case.order.body_part)
