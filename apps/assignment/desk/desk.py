"""Decides and moves orders in memory; ``flush`` writes everything in few statements.

A desk lives for one transaction and under the assignment lock, so that its loads are exact. The
engine decides; the desk carries out: the order's status, the assignment, the seat, the ledger,
the unassigned queue, the notice to destinations and the audit line, always together.
"""

from __future__ import annotations

from apps.assignment.choices import AssignmentState, EndReason
from apps.assignment.desk import flush, trail
from apps.assignment.desk.case import Case
from apps.assignment.desk.clockwork import ACKNOWLEDGE_FLAGS, ENDED
from apps.assignment.desk.together import Gathering
from apps.engine.codes import Reason
from apps.engine.refusals import Refusal
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import REPORTED
from apps.outbound.choices import OutboundKind

_CAN_START = frozenset({OrderStatus.ASSIGNED, OrderStatus.ACKNOWLEDGED})


class Desk(Gathering):
    """The one place where assignments change; open it with ``open_desk``."""

    def cancel(self, case: Case, reason: EndReason = EndReason.CANCELLED) -> None:
        """Cancel the order; whoever had it is freed and destinations are told."""
        if case.order.status == OrderStatus.CANCELLED:
            return
        self._close_clock(case)
        told = case.was_told and case.order.status not in REPORTED
        is_waiting = case.queued is not None
        if case.assignment is not None and case.order.status not in REPORTED:
            self.end(case, reason)
        self._leave_queue(case)
        self._move(case, OrderStatus.CANCELLED)
        case.is_told_of_reader = False
        trail.cancelled(self, case, reason)
        if told or is_waiting:
            kind, is_asked = OutboundKind.CANCELLED, not told
            self._tell(case, kind, reason=reason.value, only_if_asked=is_asked)

    def release(self, case: Case, *, parked: Reason | None = None) -> None:
        """Release a held order: back to its reader if still fit, else decided anew.

        Args:
            case: the order; one that is not held is left alone.
            parked: what is missing to decide it, None when nothing is.
        """
        if case.order.status != OrderStatus.HELD:
            return
        self.resume_clock(case)
        assignment = case.assignment
        refusal = self._release_refusal(case)
        if assignment is None or refusal is not None:
            self._decide_released(case, refusal, parked)
            return
        assignment.state = AssignmentState.ASSIGNED
        self.book.regain(assignment.radiologist_id, case.seat())
        self._take_back(assignment, -assignment.units)
        self.company.note(case)
        self.pending.touch_assignment(assignment)
        self._leave_queue(case)
        self._move(case, OrderStatus.ASSIGNED)

    def acknowledge(self, case: Case) -> None:
        """Note that the reader has seen the order; only one that is assigned can be."""
        assignment = case.assignment
        if assignment is None or case.order.status != OrderStatus.ASSIGNED:
            return
        self._acknowledged(case)
        assignment.state = AssignmentState.ACKNOWLEDGED
        self._move(case, OrderStatus.ACKNOWLEDGED)
        trail.acknowledged(self, case, assignment)

    def start(self, case: Case) -> None:
        """Note that the reader has begun, which acknowledges too; only an assigned order can be."""
        if case.assignment is None or case.order.status not in _CAN_START:
            return
        self._acknowledged(case)
        case.assignment.state = AssignmentState.IN_PROGRESS
        case.assignment.opened_at = self.at
        self._move(case, OrderStatus.IN_PROGRESS)

    def report(self, case: Case, status: OrderStatus) -> None:
        """Note a preliminary, final or amended report: the seat is free, the time recorded."""
        self._close_clock(case)
        self._unflag_all(case, ACKNOWLEDGE_FLAGS)
        self._leave_queue(case)
        self._move(case, status)
        if case.order.reported_at is None:
            case.order.reported_at = self.at
        assignment = case.assignment
        if assignment is None or assignment.completed_at is not None:
            return
        self._complete(case, assignment)

    def flush(self) -> flush.Flushed:
        """Write everything; the caller commits."""
        return flush.write(self)

    # -- inside --------------------------------------------------------------------------

    def _release_refusal(self, case: Case) -> Refusal | None:
        """Return why a held order does not go back to its reader; None also without one."""
        if case.assignment is None:
            return None
        return self._other_work(case) or self.reader_refusal(case, count_capacity=True)

    def _decide_released(self, case: Case, refusal: Refusal | None, parked: Reason | None) -> None:
        if parked is not None:
            self.end(case, EndReason.UNFIT)
            self.queue(case, parked)
        elif refusal is not None:
            self.give_up(case, refusal)
        else:
            self.decide(case)

    def _acknowledged(self, case: Case) -> None:
        assignment = case.assignment
        assert assignment is not None  # noqa: S101 -- the caller looked
        self.note_missed(case)
        self._unflag_all(case, ACKNOWLEDGE_FLAGS)
        assignment.acknowledged_at = assignment.acknowledged_at or self.at
        self.pending.touch_assignment(assignment)

    def _close_clock(self, case: Case) -> None:
        """Note what is due until now, for an order that ends."""
        if case.order.status not in ENDED:
            self.resume_clock(case)
            self.catch_up(case)
