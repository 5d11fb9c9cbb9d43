"""Applies what a message asks for: one small handler for each kind of change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.assignment.choices import EndReason
from apps.assignment.desk import Case
from apps.engine.codes import Reason, Urgency
from apps.engine.vocabulary import specialty_for
from apps.intake.processing.changes import Action, OrderChange, Reading
from apps.intake.processing.session import Session
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import REPORTED, can_move

_UNDECIDED = frozenset({OrderStatus.RECEIVED, OrderStatus.UNASSIGNED})
_ROUTED_BY = ("site_id", "modality", "body_part", "subspecialty", "procedure_id")


@dataclass
class Effect:
    """What a message did: the orders it touched and what was noticed on the way."""

    order_ids: list[int] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def touch(self, case: Case) -> None:
        """Note an order, once."""
        if case.order.pk not in self.order_ids:
            self.order_ids.append(case.order.pk)


@dataclass
class Step:
    """One change on its way: what it is applied with, and the message it came in."""

    session: Session
    change: OrderChange
    effect: Effect
    message_id: int
    received_at: datetime
    claimed: dict[int, str]


def apply_reading(
    session: Session, reading: Reading, *, message_id: int, received_at: datetime
) -> Effect:
    """Apply a whole message; its groups in message order."""
    effect = Effect(flags=list(reading.flags))
    claimed: dict[int, str] = {}
    for update in reading.patients:
        session.patients.update(update)
    for survivor, prior in reading.merges:
        if not session.merge(survivor, prior):
            effect.flags.append("circular_merge")
    for change in reading.changes:
        _apply(Step(session, change, effect, message_id, received_at, claimed))
    return effect


def fill(session: Session, case: Case, change: OrderChange) -> bool:
    """Take over what a change says; return whether what routes the order changed.

    A change leaves what it does not fill; the urgency stands unless the sender says another
    than the last time, so that a rule's or a person's choice is not undone by a repeat.
    """
    order, before = case.order, _routing(case)
    values = dict(change.values)
    urgency = _urgency(case, values.pop("sent_urgency", None), values.pop("default_urgency"))
    if not case.is_new and "procedure_id" not in values and change.procedure_code:
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
    session.desk.set_due_times(case)
    for flag in change.flags:
        session.desk.flag(case, flag)
    session.desk.pending.touch(case)
    return _routing(case) != before


def settle(session: Session, case: Case, parked: Reason | None) -> None:
    """Decide an order that has no reader, or park it with what is missing."""
    if case.order.status not in _UNDECIDED:
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


_NO_MODALITY = frozenset({Reason.UNKNOWN_MODALITY, Reason.UNKNOWN_PROCEDURE})


# -- the handlers ---------------------------------------------------------------------------


def _apply(step: Step) -> None:
    case, flag = step.session.find(step.change, step.claimed)
    if flag:
        step.effect.flags.append(flag)
    if case is None:
        _UNKNOWN[step.change.action](step)
        return
    step.effect.touch(case)
    more = case.order.pk in step.claimed
    step.claimed[case.order.pk] = step.change.procedure_code
    if step.change.action is not Action.CANCEL:
        step.session.identities.add(case.order.pk, step.change.issuer, step.change.identities)
    case.order.last_message_id = step.message_id
    _KNOWN[step.change.action](step, case, more)


def _make(step: Step) -> None:
    session, change = step.session, step.change
    case = session.make(change, received_at=step.received_at)
    step.effect.touch(case)
    step.claimed[case.order.pk] = change.procedure_code
    session.identities.add(case.order.pk, change.issuer, change.identities)
    case.order.last_message_id = step.message_id
    fill(session, case, change)
    session.keep_segments(case, change, more=False)
    if session.identities.was_cancelled(change.issuer, change.identities):
        session.desk.flag(case, "cancelled_before_it_came")
        session.desk.cancel(case)
        return
    if change.action is Action.HOLD:
        session.desk.hold(case, "held by the sender")
        return
    settle(session, case, missing(case, change))


def _cancel_unknown(step: Step) -> None:
    step.session.identities.keep_cancel(
        step.change.issuer,
        step.change.identities,
        at=step.session.at,
        message_id=step.message_id,
    )
    step.effect.flags.append("unknown_order")


def _note_unknown(step: Step) -> None:
    step.effect.flags.append("unknown_order")


def _update(step: Step, case: Case, more: bool) -> None:  # noqa: FBT001 -- table of handlers
    session, desk = step.session, step.session.desk
    if case.order.status == OrderStatus.CANCELLED:
        desk.flag(case, "changed_after_cancel")
        return
    held_rvu = case.order.rvu
    is_rerouted = fill(session, case, step.change)
    session.keep_segments(case, step.change, more=more)
    if case.order.rvu != held_rvu:
        desk.resize(case)
    if case.assignment is not None and case.order.status not in REPORTED:
        desk.recheck(case, is_rerouted=is_rerouted)
        return
    settle(session, case, missing(case, step.change))


def _cancel(step: Step, case: Case, more: bool) -> None:  # noqa: ARG001, FBT001 -- handlers
    _cancel_as(step, case, EndReason.CANCELLED)


def _replace(step: Step, case: Case, more: bool) -> None:  # noqa: ARG001, FBT001 -- handlers
    _cancel_as(step, case, EndReason.REPLACED)


def _cancel_as(step: Step, case: Case, reason: EndReason) -> None:
    if not can_move(case.order.status, OrderStatus.CANCELLED):
        if case.order.status != OrderStatus.CANCELLED:
            step.session.desk.flag(case, "cancel_after_report")
        return
    step.session.keep_segments(case, step.change, more=False)
    step.session.desk.cancel(case, reason)


def _hold(step: Step, case: Case, more: bool) -> None:  # noqa: ARG001, FBT001 -- handlers
    if can_move(case.order.status, OrderStatus.HELD):
        step.session.desk.hold(case, "held by the sender")


def _release(step: Step, case: Case, more: bool) -> None:  # noqa: ARG001, FBT001 -- handlers
    step.session.desk.release(case)


def _status(step: Step, case: Case, more: bool) -> None:  # noqa: ARG001, FBT001 -- handlers
    if step.change.report is OrderStatus.IN_PROGRESS:
        step.session.desk.start(case)
    else:
        _report(step, case)


def _result(step: Step, case: Case, more: bool) -> None:  # noqa: ARG001, FBT001 -- handlers
    if step.change.report is OrderStatus.CANCELLED:
        _cancel_as(step, case, EndReason.CANCELLED)
    else:
        _report(step, case)


def _report(step: Step, case: Case) -> None:
    status = step.change.report
    if status is None:
        return
    if status is OrderStatus.AMENDED and case.order.status != OrderStatus.FINAL:
        # A correction tells that there is a report, also when its first version never came.
        status = OrderStatus.FINAL
    if can_move(case.order.status, status):
        step.session.desk.report(case, status)
    elif case.order.status != status:
        step.session.desk.flag(case, f"{status.value}_after_{case.order.status}")


def _note(step: Step, case: Case, more: bool) -> None:  # noqa: ARG001, FBT001 -- handlers
    step.session.desk.pending.touch(case)


_KNOWN: Mapping[Action, Callable[[Step, Case, bool], None]] = {
    Action.NEW: _update,
    Action.CHANGE: _update,
    Action.CANCEL: _cancel,
    Action.REPLACE: _replace,
    Action.HOLD: _hold,
    Action.RELEASE: _release,
    Action.STATUS: _status,
    Action.RESULT: _result,
    Action.NOTE: _note,
}

_UNKNOWN: Mapping[Action, Callable[[Step], None]] = {
    Action.NEW: _make,
    Action.CHANGE: _make,
    Action.CANCEL: _cancel_unknown,
    Action.REPLACE: _cancel_unknown,
    Action.HOLD: _make,
    Action.RELEASE: _make,
    Action.STATUS: _note_unknown,
    Action.RESULT: _note_unknown,
    Action.NOTE: _note_unknown,
}


# -- filling --------------------------------------------------------------------------------


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
