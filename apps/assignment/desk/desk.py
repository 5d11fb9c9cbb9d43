"""Decides and moves orders in memory; ``flush`` writes everything in few statements.

A desk lives for one transaction and under the assignment lock, so that its loads are exact. The
engine decides; the desk carries out: the order's status, the assignment, the seat, the ledger,
the unassigned queue, the notice to destinations and the audit line, always together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from apps.assignment.choices import PARKED, AssignmentState, EndReason, LedgerKind
from apps.assignment.desk import flush, trail
from apps.assignment.desk.case import Case
from apps.assignment.desk.notices import notice_of
from apps.assignment.desk.pending import Made, Pending
from apps.assignment.desk.work import does_work
from apps.assignment.lock import LOCK_QUERY
from apps.assignment.models import Assignment, Unassigned
from apps.assignment.snapshot.cache import ConfigView, current_view
from apps.assignment.snapshot.ledger import ledger
from apps.assignment.snapshot.loads import LoadBook, LoadReader, Seat
from apps.assignment.snapshot.versions import VERSIONS_QUERY
from apps.core import bulk
from apps.engine.codes import Outcome, Reason, Strategy, Urgency
from apps.engine.decision import Decision, Snapshot, decide
from apps.engine.fitness import fitness
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import REPORTED, check_can_move
from apps.outbound.choices import OutboundKind

if TYPE_CHECKING:
    from apps.engine.refusals import Refusal

_NO_TIME = timedelta(0)
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


class Desk:
    """The one place where assignments change; open it with ``open_desk``."""

    def __init__(
        self,
        *,
        at: datetime,
        view: ConfigView,
        book: LoadBook,
        actor: str,
        versions: Mapping[str, int],
    ) -> None:
        """Begin with nothing to write.

        Args:
            at: the moment of every decision made here, aware.
            view: the configuration, compared with the database in this transaction.
            book: everybody's load at ``at``.
            actor: who the audit lines name, such as ``system:hl7``.
            versions: of every area, as read under the lock.
        """
        self.at = at
        self.view = view
        self.book = book
        self.actor = actor
        self.versions = versions
        self.pending = Pending()

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

    def set_urgency(self, case: Case, urgency: Urgency) -> None:
        """Change the urgency, with the due times and the seat that follow from it."""
        if case.order.urgency == urgency:
            return
        case.order.urgency = urgency.value
        self.set_due_times(case)
        self.resize(case)
        self.pending.touch(case)

    def resize(self, case: Case) -> None:
        """Count the seat anew after the order's urgency or RVU changed."""
        assignment, order = case.assignment, case.order
        if assignment is None:
            return
        if case.holds_a_seat:
            self.book.free(assignment.radiologist_id, case.seat())
            self.book.regain(assignment.radiologist_id, Seat(Urgency(order.urgency), order.rvu))
        assignment.urgency = order.urgency
        assignment.rvu = order.rvu
        self.pending.touch_assignment(assignment)

    def set_due_times(self, case: Case) -> None:
        """Compute the order's due times from the policies."""
        order = case.order
        due = self.view.policies.due_times(
            urgency=order.urgency,
            site_id=order.site_id,
            modality=order.modality,
            starts={
                "received": order.received_at,
                "ordered": order.ordered_at,
                "exam": order.exam_at,
            },
        )
        order.acknowledge_due_at = due.acknowledge_at
        order.report_due_at = due.report_at

    def breach(self, case: Case) -> None:
        """Note that the report is overdue; an order without a reader is decided again, widened."""
        case.order.breached_at = self.at
        self.flag(case, "sla_breached")
        self.pending.touch(case)
        trail.breached(self, case)
        reason = case.queued.reason if case.queued is not None else ""
        if case.order.status == OrderStatus.UNASSIGNED and reason not in PARKED:
            self.decide(case, widen=True)

    def flag(self, case: Case, flag: str) -> None:
        """Mark the order with something a person may want to know; once."""
        if flag not in case.order.flags:
            case.order.flags = [*case.order.flags, flag]
            self.pending.touch(case)

    def unflag(self, case: Case, flag: str) -> None:
        """Take back a mark that no longer holds."""
        if flag in case.order.flags:
            case.order.flags = [kept for kept in case.order.flags if kept != flag]
            self.pending.touch(case)

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

    def _tell(self, case: Case, kind: OutboundKind, *, reason: str = "") -> None:
        self.pending.notices.append(notice_of(self, case, kind, reason=reason))

    def _new_assignment(self, case: Case, decision: Decision) -> Assignment:
        order, strategy = case.order, decision.strategy
        assert decision.radiologist is not None  # noqa: S101 -- an ASSIGNED decision names one
        assert strategy is not None  # noqa: S101 -- and how it was chosen
        return Assignment(
            id=bulk.next_id(Assignment),
            order_id=order.pk,
            radiologist_id=decision.radiologist,
            shift_id=self.view.shift_ids.get(decision.shift or ""),
            shift_code=decision.shift or "",
            rule_id=decision.rule_id,
            rule_version=decision.rule_version,
            strategy=strategy.value,
            escalated=decision.escalated,
            urgency=order.urgency,
            rvu=order.rvu,
            assigned_at=self.at,
            trace=decision.trace,
        )

    def _complete(self, case: Case, assignment: Assignment) -> None:
        if case.holds_a_seat:
            self.book.free(assignment.radiologist_id, case.seat())
        assignment.state = AssignmentState.COMPLETED
        assignment.completed_at = self.at
        spent = max(self.at - assignment.assigned_at, _NO_TIME)
        assignment.turnaround_seconds = int(spent.total_seconds())
        self.pending.touch_assignment(assignment)
        self._line(assignment, LedgerKind.COMPLETED)
        trail.completed(self, case, assignment)

    def _move(self, case: Case, status: OrderStatus) -> None:
        order = case.order
        if order.status != status:
            check_can_move(order.status, status)
            order.status = status
            # Whoever holds an order gives the reason after the move.
            order.held_reason = ""
        order.updated_at = self.at
        self.pending.touch(case)

    def _leave_queue(self, case: Case) -> None:
        if case.queued is not None:
            self.pending.queued.pop(case.order.pk, None)
            self.pending.dequeued.add(case.order.pk)
            case.queued = None

    def _line(self, assignment: Assignment, kind: LedgerKind) -> None:
        self.pending.ledger.append(
            {
                "radiologist_id": assignment.radiologist_id,
                "shift_code": assignment.shift_code,
                "kind": kind.value,
                "at": self.at,
                "rvu": assignment.rvu,
                "turnaround_seconds": assignment.turnaround_seconds,
            }
        )

    def _turn(self, assignment: Assignment) -> None:
        if assignment.shift_code:
            key = (assignment.shift_code, assignment.radiologist_id)
            self.pending.turns[key] = {
                "shift_code": assignment.shift_code,
                "radiologist_id": assignment.radiologist_id,
                "last_assigned_at": self.at,
            }

    def _is_other_work(self, case: Case) -> bool:
        """Return whether the shift the reader has it on does not do this kind of work."""
        assignment = case.assignment
        if assignment is None or assignment.strategy not in _CHOSEN_FOR_THE_WORK:
            return False
        shift = self.view.shifts.get(assignment.shift_code)
        facts = case.facts(self._site_code(case))
        return shift is None or not does_work(shift, facts, self.view.compiled)

    def _site_code(self, case: Case) -> str:
        site_id = case.order.site_id
        return self.view.site_codes.get(site_id, "") if site_id else ""


def open_desk(*, at: datetime, actor: str, along: Iterable[bulk.Errand] = ()) -> Desk:
    """Take the assignment lock and return a desk; call it inside a transaction.

    Args:
        at: the moment of everything that happens at the desk, aware.
        actor: who the audit lines name.
        along: queries of the caller's to run in the same round trip, under the lock.
    """
    versions: dict[str, int] = {}
    reader = LoadReader(at=at, ledger=ledger())
    guess = current_view()
    bulk.run_errands(
        [
            (LOCK_QUERY, _drop),
            (VERSIONS_QUERY, versions.update),
            *reader.errands(guess.config),
            *along,
        ]
    )
    view = current_view(versions)
    if view is not guess:
        bulk.run_errands(reader.turn_errands(view.config))
    return Desk(at=at, view=view, book=reader.book(), actor=actor, versions=versions)


def _drop(rows: list[tuple[object, ...]]) -> None:
    """Take the rows of a query that is run for its effect."""
