"""The audit lines of the hot tables, written in the desk's own flush."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from apps.assignment.choices import EndReason
from apps.assignment.desk.case import Case
from apps.assignment.models import Assignment
from apps.core import request_id

if TYPE_CHECKING:
    from apps.assignment.desk.steps import Steps


class Step(NamedTuple):
    """A step after the breach as it was taken; ``number`` counts from 1."""

    number: int
    action: str
    due_at: datetime
    result: str


def assigned(desk: Steps, case: Case, assignment: Assignment) -> None:
    """Note who was given the order, and by what."""
    _line(
        desk,
        "assignment_assignment",
        assignment.pk,
        "assign",
        None,
        {
            "order": case.order.pk,
            "accession": case.order.accession,
            "radiologist": assignment.radiologist_id,
            "shift": assignment.shift_code,
            "strategy": assignment.strategy,
        },
    )


def ended(desk: Steps, case: Case, assignment: Assignment) -> None:
    """Note who lost the order, and why."""
    _line(
        desk,
        "assignment_assignment",
        assignment.pk,
        "end",
        {"order": case.order.pk, "radiologist": assignment.radiologist_id, "state": "current"},
        {"state": "ended", "reason": assignment.end_reason, **_why(assignment)},
    )


def _why(assignment: Assignment) -> dict[str, str]:
    """Return in what the reader is no longer fit; what people typed has lines of its own."""
    is_unfit = assignment.end_reason == EndReason.UNFIT
    return {"why": assignment.end_note} if is_unfit and assignment.end_note else {}


def completed(desk: Steps, case: Case, assignment: Assignment) -> None:
    """Note the report that completed the assignment."""
    _line(
        desk,
        "assignment_assignment",
        assignment.pk,
        "complete",
        {"order": case.order.pk, "radiologist": assignment.radiologist_id},
        {"state": "completed", "turnaround_seconds": assignment.turnaround_seconds},
    )


def unassigned(desk: Steps, case: Case, reason: str) -> None:
    """Note that the order has no reader, and why."""
    _line(
        desk,
        "orders_order",
        case.order.pk,
        "unassigned",
        None,
        {"accession": case.order.accession, "reason": reason},
    )


def breached(desk: Steps, case: Case) -> None:
    """Note that the report was due and not there."""
    due_at = case.order.report_due_at
    _line(
        desk,
        "orders_order",
        case.order.pk,
        "sla_breach",
        None,
        {
            "accession": case.order.accession,
            "report_due_at": due_at.isoformat() if due_at else None,
        },
    )


def stepped(desk: Steps, case: Case, step: Step) -> None:
    """Note a step after the breach, and what came of it."""
    _line(
        desk,
        "orders_order",
        case.order.pk,
        "sla_step",
        None,
        {
            "accession": case.order.accession,
            "step": step.number,
            "action": step.action,
            "due_at": step.due_at.isoformat(),
            "result": step.result,
            "radiologist": case.assignment.radiologist_id if case.assignment else "",
        },
    )


def acknowledged(desk: Steps, case: Case, assignment: Assignment) -> None:
    """Note that the reader has seen the order and will read it."""
    _line(
        desk,
        "assignment_assignment",
        assignment.pk,
        "acknowledge",
        None,
        {"order": case.order.pk, "radiologist": assignment.radiologist_id},
    )


def not_acknowledged(desk: Steps, case: Case, assignment: Assignment) -> None:
    """Note that the reader did not acknowledge the order in time."""
    due_at = assignment.acknowledge_due_at
    _line(
        desk,
        "assignment_assignment",
        assignment.pk,
        "not_acknowledged",
        None,
        {
            "order": case.order.pk,
            "accession": case.order.accession,
            "radiologist": assignment.radiologist_id,
            "acknowledge_due_at": due_at.isoformat() if due_at else None,
        },
    )


def cancelled(desk: Steps, case: Case, reason: EndReason) -> None:
    """Note the end of the order."""
    _line(
        desk,
        "orders_order",
        case.order.pk,
        "cancel",
        None,
        {"accession": case.order.accession, "reason": reason.value},
    )


def _line(
    desk: Steps,
    entity: str,
    entity_id: int,
    action: str,
    old: dict[str, Any] | None,
    new: dict[str, Any],
) -> None:
    desk.pending.audit.append(
        {
            "at": desk.at,
            "entity": entity,
            "entity_id": str(entity_id),
            "action": action,
            "old_values": old,
            "new_values": new,
            "actor": desk.actor,
            "request_id": request_id.current(),
        }
    )
