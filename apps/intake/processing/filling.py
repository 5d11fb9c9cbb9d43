"""Takes over what a change says of an order, and says whether that is enough to decide."""

from __future__ import annotations

from typing import Any

from apps.assignment.desk import Case
from apps.assignment.study import URGENCY_BY_HAND
from apps.engine.codes import Reason, Urgency
from apps.engine.vocabulary import specialty_for
from apps.intake.processing.changes import OrderChange
from apps.intake.processing.session import Session
from apps.orders.choices import OrderStatus

_UNDECIDED = frozenset({OrderStatus.RECEIVED, OrderStatus.UNASSIGNED})
_NO_MODALITY = frozenset({Reason.UNKNOWN_MODALITY, Reason.UNKNOWN_PROCEDURE})
_ROUTED_BY = ("site_id", "modality", "body_part", "subspecialty", "procedure_id")


def fill(session: Session, case: Case, change: OrderChange) -> bool:
    """Take over what a change says; return whether what routes the order changed.

    A change leaves what it does not fill; the urgency stands unless the sender says another
    than the last time, so that a rule's or a person's choice is not undone by a repeat.
    """
    order, before = case.order, _routing(case)
    values = dict(change.values)
    urgency = _urgency(case, values.pop("sent_urgency", None), values.pop("default_urgency"))
    if "procedure_id" not in values and change.procedure_code:
        values["procedure_id"] = None
    for name, value in values.items():
        setattr(order, name, value)
    _improve_accession(case, change)
    case.procedure = session.procedure(order.procedure_id)
    if not order.subspecialty or _routing(case) != before:
        order.subspecialty = _subspecialty(case)
    if change.patient is not None:
        case.patient = session.patients.update(change.patient)
        order.patient_id = case.patient.pk
    _set_urgency(session, case, urgency)
    session.desk.set_due_times(case, anew=_routing(case) != before)
    if case.procedure is not None:
        session.desk.unflag(case, "unknown_procedure")
    for flag in change.flags:
        session.desk.flag(case, flag)
    session.desk.pending.touch(case)
    return _routing(case) != before


def settle(session: Session, case: Case, parked: Reason | None) -> None:
    """Decide an order that has no reader, or park it with what is missing.

    Whose reader a person took off is left to people, whatever its sender repeats of it.
    """
    is_put_aside = case.queued is not None and case.queued.reason == Reason.BY_HAND
    if case.order.status not in _UNDECIDED or is_put_aside:
        return
    if parked is None:
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


def _urgency(case: Case, sent: str | None, default: str) -> Urgency | None:
    """Return the urgency to set, None to leave it: nothing said, or nothing new said."""
    if case.is_new and case.order.status == OrderStatus.RECEIVED:
        case.order.sent_urgency = sent or default
        return Urgency(sent or default)
    if sent is None or sent == case.order.sent_urgency:
        return None
    case.order.sent_urgency = sent
    return Urgency(sent)


def _set_urgency(session: Session, case: Case, urgency: Urgency | None) -> None:
    if urgency is None:
        return
    session.desk.unflag(case, URGENCY_BY_HAND)
    if case.assignment is None:
        case.order.urgency = urgency.value
    else:
        session.desk.set_urgency(case, urgency)


def _improve_accession(case: Case, change: OrderChange) -> None:
    """Show the better number: an NW may bring only a placer, a later XO the accession."""
    order = case.order
    if change.accession and change.accession_rank <= order.accession_rank:
        order.accession = change.accession
        order.accession_rank = change.accession_rank


def _subspecialty(case: Case) -> str:
    named = case.procedure.subspecialty if case.procedure else ""
    return named or specialty_for(case.order.modality, case.order.body_part)
