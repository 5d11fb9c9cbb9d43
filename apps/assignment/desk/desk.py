"""Decides and moves orders in memory; ``flush`` writes everything in few statements.

A desk lives for one transaction and under the assignment lock, so that its loads are exact. The
engine decides; the desk carries out: the order's status, the assignment, the seat, the ledger,
the unassigned queue, the notice to destinations and the audit line, always together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.assignment.choices import PARKED, AssignmentState, EndReason, LedgerKind
from apps.assignment.desk import flush, trail
from apps.assignment.desk.case import Case
from apps.assignment.desk.pending import Made
from apps.assignment.desk.steps import Steps
from apps.assignment.desk.work import does_work
from apps.assignment.models import Unassigned
from apps.engine.codes import Outcome, Reason, Strategy, Urgency
from apps.engine.decision import Decision, Snapshot, decide
from apps.engine.fitness import fitness
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import REPORTED
from apps.outbound.choices import OutboundKind

if TYPE_CHECKING:
    from apps.engine.refusals import Refusal

_CHOSEN_FOR_THE_WORK = frozenset(
    {
        Strategy.LOAD_BALANCED.value,
        Strategy.SCORED.value,
        Strategy.ROUND_ROBIN.value,
        Strategy.URGENT.value,
    }
)
"""Strategies that choose among the shifts for a kind of work; rules, escalations and people
may choose somebody from any shift."""
_CAN_START = frozenset({OrderStatus.ASSIGNED, OrderStatus.ACKNOWLEDGED})


class Desk(Steps):
    """The one place where assignments change; open it with ``open_desk``."""

    # -- deciding ------------------------------------------------------------------------

    def decide(self, case: Case, *, widen: bool = False) -> Decision:
        """Decide who reads the order and carry it out; the reader it has, if any, gives way."""
        decision = decide(
            case.facts(self._site_code(case)),
            self.at,
            Snapshot(compiled=self.view.compiled, loads=self.book.loads),
            widen=widen,
        )
        if decision.outcome is not Outcome.ASSIGNED:
            self.pending.rules_matched.extend(rule_id for rule_id, _ in decision.matched_rules)
        self.set_urgency(case, decision.urgency)
        if decision.outcome is Outcome.ASSIGNED:
            self._assign(case, decision)
        elif decision.outcome is Outcome.HELD:
            self.hold(case, decision.reason_text, trace=decision.trace)
        else:
            self.queue(case, decision.reason or Reason.NO_SHIFT, trace=decision.trace)
        return decision

    def reader_refusal(self, case: Case, *, count_capacity: bool = False) -> Refusal | None:
        """Return why the order's reader could no longer be given it, or None."""
        assert case.assignment is not None  # noqa: S101 -- asked of cases with a reader
        return fitness(
            case.facts(self._site_code(case)),
            self.at,
            Snapshot(compiled=self.view.compiled, loads=self.book.loads),
            case.assignment.radiologist_id,
            shift=case.assignment.shift_code or None,
            count_capacity=count_capacity,
        )

    def recheck(self, case: Case, *, is_rerouted: bool) -> None:
        """Decide again if the reader has become unfit; what is being read is only flagged.

        Args:
            case: an order with a reader.
            is_rerouted: whether site, modality, body part or procedure changed, so that the
                reader's shift may no longer be the one for this work.
        """
        if not (is_rerouted and self._is_other_work(case)) and self.reader_refusal(case) is None:
            return
        if case.is_being_read:
            self.flag(case, "reader_unfit_while_reading")
            return
        self.end(case, EndReason.UNFIT)
        self.decide(case)

    # -- moving --------------------------------------------------------------------------

    def queue(
        self,
        case: Case,
        reason: Reason,
        *,
        trace: dict[str, object] | None = None,
        text: str = "",
    ) -> None:
        """Put the order among the unassigned, or note that it was tried again in vain."""
        if case.assignment is not None:
            self.end(case, EndReason.UNASSIGNED)
        since = case.queued.since if case.queued else self.at
        attempts = case.queued.attempts + 1 if case.queued else 1
        before = case.queued.reason if case.queued else ""
        case.queued = Unassigned(
            order_id=case.order.pk,
            reason=reason.value,
            reason_text=text,
            urgency_rank=Urgency(case.order.urgency).rank,
            since=since,
            tried_at=self.at,
            attempts=attempts,
            # What a rule holds is tried again when rules change, what a sender or a person
            # holds waits for its release.
            is_waiting=reason is not Reason.HELD or trace is not None,
            trace=trace or {},
        )
        self.pending.queued[case.order.pk] = case.queued
        self.pending.dequeued.discard(case.order.pk)
        if reason is not Reason.HELD:
            self._move(case, OrderStatus.UNASSIGNED)
        if before != reason.value:
            trail.unassigned(self, case, reason.value)
        if case.is_told_of_reader:
            case.is_told_of_reader = False
            self._tell(case, OutboundKind.UNASSIGNED, reason=reason.value)

    def end(self, case: Case, reason: EndReason) -> None:
        """End the current assignment and give its seat back; the order needs a new state."""
        assignment = case.assignment
        if assignment is None:
            return
        if case.holds_a_seat:
            self.book.free(assignment.radiologist_id, case.seat())
        assignment.state = AssignmentState.ENDED
        assignment.is_current = False
        assignment.ended_at = self.at
        assignment.end_reason = reason
        self.pending.touch_assignment(assignment)
        trail.ended(self, case, assignment)
        case.assignment = None

    def cancel(self, case: Case, reason: EndReason = EndReason.CANCELLED) -> None:
        """Cancel the order; whoever had it is freed and destinations are told."""
        if case.order.status == OrderStatus.CANCELLED:
            return
        told = case.was_told and case.order.status not in REPORTED
        if case.assignment is not None and case.order.status not in REPORTED:
            self.end(case, reason)
        self._leave_queue(case)
        self._move(case, OrderStatus.CANCELLED)
        case.is_told_of_reader = False
        trail.cancelled(self, case, reason)
        if told:
            self._tell(case, OutboundKind.CANCELLED, reason=reason.value)

    def hold(self, case: Case, reason: str, *, trace: dict[str, object] | None = None) -> None:
        """Hold the order: its seat is freed, its reader kept for the release."""
        if case.assignment is not None and case.holds_a_seat:
            self.book.free(case.assignment.radiologist_id, case.seat())
            case.assignment.state = AssignmentState.HELD
            self.pending.touch_assignment(case.assignment)
        self._move(case, OrderStatus.HELD)
        case.order.held_reason = reason[:200] or "held"
        self.queue_held(case, reason, trace)

    def queue_held(self, case: Case, reason: str, trace: dict[str, object] | None = None) -> None:
        """Show a held order without a reader among the unassigned, waiting for its release."""
        if case.assignment is None:
            self.queue(case, Reason.HELD, trace=trace, text=reason[:200])

    def release(self, case: Case, *, parked: Reason | None = None) -> None:
        """Release a held order: back to its reader if still fit, else decided anew.

        Args:
            case: the order; one that is not held is left alone.
            parked: what is missing to decide it, None when nothing is.
        """
        if case.order.status != OrderStatus.HELD:
            return
        assignment = case.assignment
        if assignment is None or self.reader_refusal(case, count_capacity=True) is not None:
            self.end(case, EndReason.UNFIT)
            if parked is None:
                self.decide(case)
            else:
                self.queue(case, parked)
            return
        assignment.state = AssignmentState.ASSIGNED
        self.book.regain(assignment.radiologist_id, case.seat())
        self.pending.touch_assignment(assignment)
        self._leave_queue(case)
        self._move(case, OrderStatus.ASSIGNED)

    def start(self, case: Case) -> None:
        """Note that the reader has begun; only an assigned order can be."""
        if case.assignment is None or case.order.status not in _CAN_START:
            return
        case.assignment.state = AssignmentState.IN_PROGRESS
        case.assignment.opened_at = self.at
        self.pending.touch_assignment(case.assignment)
        self._move(case, OrderStatus.IN_PROGRESS)

    def report(self, case: Case, status: OrderStatus) -> None:
        """Note a preliminary, final or amended report: the seat is free, the time recorded."""
        self._leave_queue(case)
        self._move(case, status)
        if case.order.reported_at is None:
            case.order.reported_at = self.at
        assignment = case.assignment
        if assignment is None or assignment.completed_at is not None:
            return
        self._complete(case, assignment)

    def breach(self, case: Case) -> None:
        """Note that the report is overdue; an order without a reader is decided again, widened."""
        case.order.breached_at = self.at
        self.flag(case, "sla_breached")
        self.pending.touch(case)
        trail.breached(self, case)
        reason = case.queued.reason if case.queued is not None else ""
        if case.order.status == OrderStatus.UNASSIGNED and reason not in PARKED:
            self.decide(case, widen=True)

    def flush(self) -> flush.Flushed:
        """Write everything; the caller commits."""
        return flush.write(self)

    # -- inside --------------------------------------------------------------------------

    def _assign(self, case: Case, decision: Decision) -> None:
        if case.assignment is not None:
            self.end(case, EndReason.REASSIGNED)
        order = case.order
        assignment = self._new_assignment(case, decision)
        case.assignment = assignment
        self.pending.new_assignments[assignment.pk] = assignment
        self._leave_queue(case)
        self._move(case, OrderStatus.ASSIGNED)
        self.book.take(
            assignment.radiologist_id, case.seat(), shift=assignment.shift_code, at=self.at
        )
        self._line(assignment, LedgerKind.ASSIGNED)
        self._turn(assignment)
        kind = OutboundKind.REASSIGNED if case.is_told_of_reader else OutboundKind.ASSIGNED
        self._tell(case, kind)
        case.was_told = case.is_told_of_reader = True
        trail.assigned(self, case, assignment)
        self.pending.made.append(
            Made(
                shift=assignment.shift_code,
                strategy=assignment.strategy,
                escalated=assignment.escalated,
                received_at=order.received_at,
                rule_ids=tuple(rule_id for rule_id, _ in decision.matched_rules),
            )
        )

    def _is_other_work(self, case: Case) -> bool:
        """Return whether the shift the reader has it on does not do this kind of work."""
        assignment = case.assignment
        if assignment is None or assignment.strategy not in _CHOSEN_FOR_THE_WORK:
            return False
        shift = self.view.shifts.get(assignment.shift_code)
        facts = case.facts(self._site_code(case))
        return shift is None or not does_work(shift, facts, self.view.compiled)
