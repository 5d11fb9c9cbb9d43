"""Applies what a message asks for: one small handler for each kind of change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from apps.assignment.choices import EndReason
from apps.assignment.desk import Case
from apps.hl7v2.errors import FieldError
from apps.intake.processing.changes import (
    MADE_BY_CHANGE,
    URGENCY_NOT_SAID,
    Action,
    OrderChange,
    Reading,
)
from apps.intake.processing.early import early_report, joint, keep_early_report
from apps.intake.processing.filling import fill, is_awaited, missing, settle
from apps.intake.processing.linking import linked_key, shared_message
from apps.intake.processing.merging import Merged, merge_patients
from apps.intake.processing.session import Session
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import WITH_READER, can_move

_REPLACED = "\0replaced"
"""What no OBR-4.1 says."""
STEP_CANCELLED = "step_cancelled"
REPORTED_BEFORE = "reported_before_it_came"
_HAS_FINAL = frozenset({OrderStatus.FINAL, OrderStatus.AMENDED})


@dataclass
class Effect:
    """What a message did: the orders it touched and what was noticed on the way.

    ``reports`` are what its groups say of the reports of orders, by order: one study may be
    reported in several OBR, and is as far as the last of them.
    With a ``refusal`` or a ``problem`` it did nothing: the one is the sender's fault, the other
    waits in quarantine for a person.
    """

    order_ids: list[int] = field(default_factory=list)
    reports: dict[int, list[tuple[Case, OrderStatus]]] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    refusal: FieldError | None = None
    problem: str = ""

    def note_merged(self, merged: Merged) -> None:
        """Note what came of the message's merges."""
        self.refusal, self.problem = merged.refusal, merged.problem
        self.flags += merged.flags

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
    of_several: frozenset[tuple[str, str]] = frozenset()
    flag: str = ""

    @property
    def is_one_of_several(self) -> bool:
        """Return whether the message has more orders of the patient."""
        patient = self.change.patient
        return patient is not None and patient.key in self.of_several


def apply_reading(
    session: Session, reading: Reading, *, message_id: int, received_at: datetime
) -> Effect:
    """Apply a whole message; its groups in message order."""
    effect = Effect(flags=list(reading.flags))
    claimed: dict[int, str] = {}
    for update in reading.patients:
        if session.patients.is_merged_away(update):
            effect.flags.append("patient_merged_away")
        session.patients.update(update)
    if reading.merges:
        effect.note_merged(merge_patients(session, reading, message_id=message_id))
    of_several = shared_message(reading.changes)
    for change in reading.changes:
        _apply(Step(session, change, effect, message_id, received_at, claimed, of_several))
    for told in effect.reports.values():
        _report(session, told[0][0], joint({status for _, status in told}))
    return effect


# -- the handlers ---------------------------------------------------------------------------


def _apply(step: Step) -> None:
    case, step.flag = step.session.find(step.change, step.claimed)
    if step.flag:
        step.effect.flags.append(step.flag)
    if case is None:
        _UNKNOWN[step.change.action](step)
        return
    step.session.desk.settle_before(case)
    step.effect.touch(case)
    more = case.order.pk in step.claimed
    step.claimed[case.order.pk] = step.change.procedure_code
    step.session.know(case, step.change)
    case.order.last_message_id = step.message_id
    step.session.desk.pending.touch(case)
    _KNOWN[step.change.action](step, case, more)


def _make(step: Step) -> None:
    session, change = step.session, step.change
    case = session.make(change, received_at=step.received_at)
    step.effect.touch(case)
    step.claimed[case.order.pk] = change.procedure_code
    session.know(case, change)
    case.order.last_message_id = step.message_id
    fill(session, case, change)
    case.order.linked_key = linked_key(
        case.order, change, message_id=step.message_id, is_shared=step.is_one_of_several
    )
    session.unknown.note(change, order_id=case.order.pk, message_id=step.message_id)
    session.keep_segments(case, change, more=False)
    if step.flag:
        session.desk.flag(case, step.flag)
    _mark_unordered(step, case)
    if session.identities.was_cancelled(
        change.issuer, change.cancelled_by, apart_from=step.message_id
    ):
        session.desk.flag(case, "cancelled_before_it_came")
        session.desk.cancel(case)
        return
    reported = early_report(session, change, at=session.at)
    if reported is not None:
        session.desk.flag(case, REPORTED_BEFORE)
        _report(session, case, reported)
        return
    if change.action is Action.HOLD:
        session.desk.hold(case, "held by the sender")
        return
    settle(session, case, missing(case, change))


def _mark_unordered(step: Step, case: Case) -> None:
    """Mark an order that something else than its NW has made, so that a late NW only adds."""
    change = step.change
    if change.is_new_order or _REPLACED in step.claimed.values():
        return
    step.session.desk.flag(case, MADE_BY_CHANGE)
    if "sent_urgency" not in change.values:
        step.session.desk.flag(case, URGENCY_NOT_SAID)


def _cancel_unknown(step: Step) -> None:
    step.session.identities.keep_cancel(
        step.change.issuer,
        step.change.cancels,
        at=step.session.at,
        message_id=step.message_id,
    )
    step.effect.flags.append("unknown_order")


def _note_unknown(step: Step) -> None:
    keep_early_report(step.session, step.change, message_id=step.message_id)
    step.effect.flags.append("unknown_order")


def _update(step: Step, case: Case, more: bool) -> None:  # noqa: FBT001 -- table of handlers
    session, desk = step.session, step.session.desk
    if session.steps.is_of_a_cancelled_step(case, step.change):
        desk.flag(case, "changed_after_cancel")
        return
    is_late = is_awaited(case, step.change)
    if case.order.status == OrderStatus.CANCELLED:
        # What is known of it is kept true; it stays cancelled.
        fill(session, case, step.change)
        if not is_late:
            desk.flag(case, "changed_after_cancel")
        return
    held, urgency = (case.order.rvu, case.order.units), case.order.urgency
    is_rerouted = fill(session, case, step.change)
    session.unknown.note(step.change, order_id=case.order.pk, message_id=step.message_id)
    if not is_late:
        session.keep_segments(case, step.change, more=more)
    if (case.order.rvu, case.order.units) != held:
        desk.resize(case)
    if case.assignment is not None and case.order.status in WITH_READER:
        is_other_urgency = case.order.urgency != urgency
        desk.recheck(case, is_rerouted=is_rerouted, is_other_urgency=is_other_urgency)
        return
    settle(session, case, missing(case, step.change))


def _cancel(step: Step, case: Case, more: bool) -> None:  # noqa: FBT001 -- handlers
    _cancel_as(step, case, EndReason.CANCELLED, more=more)


def _replace(step: Step, case: Case, more: bool) -> None:  # noqa: FBT001 -- handlers
    if _cancel_as(step, case, EndReason.REPLACED, more=more):
        # What replaces it (RO, in the same message) is an order of its own, also under its
        # numbers; of one step it is a further step.
        step.claimed[case.order.pk] = _REPLACED


def _cancel_as(step: Step, case: Case, reason: EndReason, *, more: bool) -> bool:
    """Cancel the order, or one of its steps while others stand; return whether it is over."""
    session, desk = step.session, step.session.desk
    if not can_move(case.order.status, OrderStatus.CANCELLED):
        if case.order.status != OrderStatus.CANCELLED:
            desk.flag(case, "cancel_after_report")
        return True
    if session.cancel_step(case, step.change, more=more):
        desk.flag(case, STEP_CANCELLED)
        step.effect.flags.append(STEP_CANCELLED)
        return False
    session.keep_segments(case, step.change, more=more)
    desk.cancel(case, reason)
    return True


def _hold(step: Step, case: Case, more: bool) -> None:  # noqa: ARG001, FBT001 -- handlers
    is_held = case.order.status == OrderStatus.HELD
    if is_held or can_move(case.order.status, OrderStatus.HELD):
        step.session.desk.hold(case, "held by the sender")


def _release(step: Step, case: Case, more: bool) -> None:  # noqa: ARG001, FBT001 -- handlers
    step.session.desk.release(case, parked=missing(case, step.change))


def _status(step: Step, case: Case, more: bool) -> None:  # noqa: ARG001, FBT001 -- handlers
    if step.change.report is OrderStatus.IN_PROGRESS:
        step.session.desk.start(case)
    elif step.change.report is not None:
        _report(step.session, case, step.change.report)


def _result(step: Step, case: Case, more: bool) -> None:  # noqa: FBT001 -- handlers
    step.session.check_patient(case, step.change.patient)
    if step.change.report is OrderStatus.CANCELLED:
        _cancel_as(step, case, EndReason.CANCELLED, more=more)
    elif step.change.report is not None:
        step.effect.reports.setdefault(case.order.pk, []).append((case, step.change.report))


def _report(session: Session, case: Case, status: OrderStatus) -> None:
    if status is OrderStatus.AMENDED and case.order.status not in _HAS_FINAL:
        # A correction tells that there is a report, also when its first version never came.
        status = OrderStatus.FINAL
    if can_move(case.order.status, status):
        session.desk.report(case, status)
    elif case.order.status != status:
        session.desk.flag(case, f"{status.value}_after_{case.order.status}")


def _note(step: Step, case: Case, more: bool) -> None:  # noqa: FBT001 -- handlers
    """Leave the order as it is; its numbers were added and the message is noted."""


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
