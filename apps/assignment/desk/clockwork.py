"""The SLA clock of the orders on a desk: due times, holds, and what was missed.

Theory. An order's due times are sums (``apps.orders.clock``) of what stands on the order: the
event that started its clock, the policy's minutes, the time held. While it is held its clock
stands still; whatever moves it out of the hold shifts every time that is ahead of it.

Another urgency brings the minutes of its own policy, counted from the event at which the clock
started, with the time held. Three decisions follow:

- A breach that was counted stays counted: the flag ``sla_breached`` is for good, and an order that
  has it is never counted a second time.
- Where the new time lies ahead the order is overdue no longer: ``breached_at`` and its steps are
  taken back, and at the new time they begin again with the first.
- Where the new time lies behind, an order that was in time becomes overdue now, and its steps
  count from now; of one that was overdue already they go on as they were set.

A due time is noted once, by whoever is there first: the handler of due times, or the message that
takes the order past it (its report, its cancel, a change that moves its times). So a worker that
was away for an hour counts what it would have counted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta

from apps.assignment.choices import AssignmentState
from apps.assignment.desk import trail
from apps.assignment.desk.case import Case
from apps.assignment.desk.pending import Missed
from apps.assignment.desk.steps import Steps
from apps.assignment.models import Assignment
from apps.assignment.snapshot.policies import start_of
from apps.engine.codes import Reason, Urgency
from apps.orders import clock
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import REPORTED
from apps.rules.tiers import Tier

ACKNOWLEDGE_FLAGS = ("not_acknowledged", "nobody_left_to_offer")
STEP_FLAGS = ("sla_alert", "sla_no_better_reader", "sla_supervisor")
ENDED = REPORTED | {OrderStatus.CANCELLED}
_NO_TIME = timedelta(0)


class Clockwork(Steps, ABC):
    """Keeps the due times of the cases in hand true to what happens to them."""

    def set_urgency(self, case: Case, urgency: Urgency) -> None:
        """Change the urgency, with the due times and the seat that follow from it."""
        if case.order.urgency == urgency:
            return
        case.order.urgency = urgency.value
        self.set_due_times(case)
        if urgency is Urgency.STAT:
            self._await_answer_again(case)
        self.resize(case)
        self.pending.touch(case)

    def set_due_times(self, case: Case, *, anew: bool = False) -> None:
        """Compute the order's due times from the policies; one that has ended keeps its own.

        Args:
            case: the order.
            anew: whether the policy's event starts the clock in place of the one that did: for an
                order that turns out to be another site's or of another modality.
        """
        order = case.order
        if order.status in ENDED:
            return
        policy = self.view.policies.policy_of(order)
        if anew or not order.clock_start:
            order.clock_start = policy.clock_start
        order.clock_started_at = start_of(order, order.clock_start)
        self._set_report_due(case, policy.report_minutes)
        self._set_acknowledge_due(case, policy.acknowledge_minutes)

    def catch_up(self, case: Case) -> None:
        """Note what time has brought until now, before the order leaves it behind."""
        self.take_steps(case, is_over=True)
        self.note_missed(case)

    @abstractmethod
    def take_steps(self, case: Case, *, is_over: bool = False) -> None:
        """Take every step after the breach that is due; the desk says what each does.

        Args:
            case: the order.
            is_over: whether the order is leaving its breach behind in this moment, so that the
                steps are noted and nothing more.
        """

    def note_missed(self, case: Case) -> bool:
        """Note that the reader did not acknowledge in time; return whether that was news."""
        assignment = case.assignment
        if assignment is None or not self._is_missed(assignment):
            return False
        assignment.acknowledge_missed_at = self.at
        self.pending.touch_assignment(assignment)
        self.pending.missed.append(Missed(assignment.shift_code, case.order.urgency))
        trail.not_acknowledged(self, case, assignment)
        return True

    def acknowledge_due(self, case: Case, offered_at: datetime) -> datetime | None:
        """Return when a reader who was offered the order must have acknowledged it.

        The first has until the order's own time; a later one, or the first of an order that found
        nobody until that time had passed, has the policy's minutes of their own.
        """
        minutes = case.order.acknowledge_minutes
        if minutes is None:
            return None
        span = timedelta(minutes=minutes)
        own = offered_at + span if case.earlier else case.order.acknowledge_due_at
        return own if own is not None and own > self.at else self.at + span

    def limit_listing(self, case: Case, reason: Reason) -> None:
        """Have a STAT order leave its shared list when it should have been acknowledged.

        Set again at each try, of which the earliest stands; one that left it has none.
        """
        self.pending.listed.pop(case.order.pk, None)
        if reason is Reason.WORKLIST and case.order.urgency == Urgency.STAT:
            until = self.acknowledge_due(case, self.at)
            if until is not None:
                self.pending.listed[case.order.pk] = until

    def resume_clock(self, case: Case) -> None:
        """Let a clock that stood still go on, every time ahead moved by how long it stood."""
        order, assignment = case.order, case.assignment
        if order.held_at is None:
            return
        seconds = round(max(self.at - order.held_at, _NO_TIME).total_seconds())
        stood = timedelta(seconds=seconds)
        order.held_at = None
        order.held_seconds += seconds
        for name in ("acknowledge_due_at", "report_due_at", "next_step_at"):
            moment = getattr(order, name)
            setattr(order, name, moment + stood if moment else None)
        if assignment is not None and self._is_unanswered(assignment):
            due_at = assignment.acknowledge_due_at
            assignment.acknowledge_due_at = due_at + stood if due_at else None
            self.pending.touch_assignment(assignment)
        self.pending.touch(case)

    # -- inside --------------------------------------------------------------------------

    def _move(self, case: Case, status: OrderStatus) -> None:
        order, was_ended = case.order, case.order.status in ENDED
        if status != OrderStatus.HELD:
            self.resume_clock(case)
        super()._move(case, status)
        if status == OrderStatus.HELD and order.held_at is None:
            order.held_at = self.at
        if status in ENDED:
            order.next_step_at = None
            self._unflag_all(case, STEP_FLAGS)
        elif was_ended and order.breached_at is not None:
            self._go_on_with_steps(case, order.breached_at)

    def _clock_reads(self, case: Case) -> datetime:
        """Return the moment by the order's own clock, which stands still while it is held."""
        return case.order.held_at or self.at

    def _set_report_due(self, case: Case, minutes: int | None) -> None:
        order, reads = case.order, self._clock_reads(case)
        due_at = clock.due_after(order, minutes)
        was_overdue = order.report_due_at is not None and order.report_due_at <= reads
        is_overdue = due_at is not None and due_at <= reads
        if was_overdue and not is_overdue:
            self.catch_up(case)
        order.report_minutes, order.report_due_at = minutes, due_at
        if was_overdue and not is_overdue:
            self._take_back_breach(case)
        elif is_overdue and not was_overdue:
            first = self._tiers(case)[0]
            order.next_step_at = reads + timedelta(minutes=first.after_minutes)

    def _take_back_breach(self, case: Case) -> None:
        order = case.order
        order.breached_at = order.next_step_at = None
        order.escalation_step = 0
        self._unflag_all(case, STEP_FLAGS)

    def _set_acknowledge_due(self, case: Case, minutes: int | None) -> None:
        order, assignment = case.order, case.assignment
        is_changed = order.acknowledge_minutes != minutes
        if is_changed:
            self.note_missed(case)
        order.acknowledge_minutes = minutes
        order.acknowledge_due_at = clock.due_after(order, minutes)
        if is_changed and assignment is not None and assignment.acknowledged_at is None:
            self._set_answer_due(case, assignment)

    def _await_answer_again(self, case: Case) -> None:
        """Give a reader who missed the time of a lower urgency that of STAT.

        A miss is noted once, and only one that is noted while STAT offers the order on.
        """
        assignment = case.assignment
        if assignment is None or case.order.status in ENDED:
            return
        is_missed = assignment.acknowledge_missed_at is not None
        if is_missed and assignment.acknowledged_at is None:
            self._set_answer_due(case, assignment)

    def _set_answer_due(self, case: Case, assignment: Assignment) -> None:
        """Set anew when the reader must have acknowledged; what was missed before is past."""
        assignment.acknowledge_due_at = self.acknowledge_due(case, assignment.assigned_at)
        assignment.acknowledge_missed_at = None
        self._unflag_all(case, ACKNOWLEDGE_FLAGS)
        self.pending.touch_assignment(assignment)

    def _go_on_with_steps(self, case: Case, breached_at: datetime) -> None:
        """Set the next step of an overdue order whose report was taken back."""
        order, tiers = case.order, self._tiers(case)
        if order.escalation_step < len(tiers):
            gap = tiers[order.escalation_step].after_minutes - tiers[0].after_minutes
            order.next_step_at = breached_at + timedelta(minutes=gap)

    def _is_missed(self, assignment: Assignment) -> bool:
        due_at = assignment.acknowledge_due_at
        is_offered = assignment.state == AssignmentState.ASSIGNED
        is_due = due_at is not None and due_at <= self.at
        return is_offered and is_due and self._is_unanswered(assignment)

    @staticmethod
    def _is_unanswered(assignment: Assignment) -> bool:
        """Return whether it was neither acknowledged nor found not to be."""
        return assignment.acknowledged_at is None and assignment.acknowledge_missed_at is None

    def _tiers(self, case: Case) -> tuple[Tier, ...]:
        return self.view.policies.tiers_of(case.order)

    def _unflag_all(self, case: Case, flags: tuple[str, ...]) -> None:
        for flag in flags:
            self.unflag(case, flag)
