"""What is done about an order that is late: the steps after a breach, the next reader of a STAT.

A step is due at ``next_step_at``, is taken once and sets the next, so that a chain of steps is a
row and not a schedule. What is being read never moves. Source: spec 3, slow and STAT.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from apps.assignment.choices import PARKED, EndReason
from apps.assignment.desk import trail
from apps.assignment.desk.case import Case
from apps.assignment.desk.deciding import Deciding
from apps.assignment.desk.pending import Breach
from apps.assignment.taking_off import NOBODY_LEFT
from apps.engine.codes import Urgency
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import AWAITS_REPORT
from apps.rules.choices import TierAction
from apps.rules.tiers import Tier

BREACHED = "sla_breached"
_WAS_OVERDUE = frozenset({EndReason.OVERDUE})
_IS_OVER = "over"
"""What comes of a step when the order leaves its breach behind in the same moment."""


class Overdue(Deciding):
    """Takes the steps after a breach, and offers on what nobody acknowledged."""

    _is_stepping = False

    def take_steps(self, case: Case, *, is_over: bool = False) -> None:
        """Take every step after the breach that is due, those of a new breach too."""
        if self._is_stepping:
            return  # a step decided, and the decision moved the due times
        self._is_stepping = True
        try:
            self._begin_breach(case)
            while (due_at := self._step_due(case, is_over=is_over)) is not None:
                self._take_step(case, due_at, is_over=is_over)
        finally:
            self._is_stepping = False

    def breach(self, case: Case, *, since: datetime | None = None) -> None:
        """Note that the report is overdue; an order is counted once, however often it is late.

        Args:
            case: the order.
            since: from when it counts as overdue, by default from now.
        """
        order = case.order
        order.breached_at = since or self.at
        if BREACHED not in order.flags:
            shift = case.assignment.shift_code if case.assignment else ""
            self.pending.breached.append(Breach(shift, order.modality))
        self.flag(case, BREACHED)
        self.pending.touch(case)
        trail.breached(self, case)

    def miss(self, case: Case) -> None:
        """Note that nobody acknowledged in time; a STAT order is offered to the next reader."""
        if not self.note_missed(case):
            return
        if case.order.urgency == Urgency.STAT:
            self.offer_on(case)
        else:
            self.flag(case, "not_acknowledged")

    def offer_on(self, case: Case) -> None:
        """Offer the order to a fit reader who never had it; with nobody left, look again later.

        It stays with its reader meanwhile, with its age and its due times.
        """
        if self.pass_on(case, EndReason.NOT_ACKNOWLEDGED, passed_over=case.had_it):
            return
        self.flag(case, NOBODY_LEFT)
        self.look_again(case)

    def look_again(self, case: Case) -> None:
        """Have somebody look later whether there is a reader to offer it to by then."""
        minutes = max(case.order.acknowledge_minutes or 0, 1)
        self.pending.looks[case.order.pk] = self.at + timedelta(minutes=minutes)

    # -- inside --------------------------------------------------------------------------

    def _begin_breach(self, case: Case) -> None:
        """Set the first step of an order that has just become overdue."""
        order, reads = case.order, self._clock_reads(case)
        is_new = order.breached_at is None and order.next_step_at is None
        if is_new and order.report_due_at is not None and order.report_due_at <= reads:
            first = self._tiers(case)[0]
            order.next_step_at = order.report_due_at + timedelta(minutes=first.after_minutes)
            self.pending.touch(case)

    def _step_due(self, case: Case, *, is_over: bool) -> datetime | None:
        order = case.order
        is_running = is_over or order.status in AWAITS_REPORT
        due_at = order.next_step_at
        is_due = due_at is not None and due_at <= self._clock_reads(case)
        return due_at if is_running and is_due else None

    def _take_step(self, case: Case, due_at: datetime, *, is_over: bool) -> None:
        order, tiers = case.order, self._tiers(case)
        step = order.escalation_step
        # Set before the step is taken, which may itself move the order's times.
        self._set_next(case, tiers, due_at)
        if step >= len(tiers):
            return  # the policy has fewer steps by now
        action = tiers[step].action
        if action is TierAction.FLAG:
            self.breach(case, since=due_at)
        result = _IS_OVER if is_over else _ACTIONS[action](self, case)
        trail.stepped(self, case, trail.Step(step + 1, action.value, due_at, result))

    def _set_next(self, case: Case, tiers: Sequence[Tier], due_at: datetime) -> None:
        order, step = case.order, case.order.escalation_step
        order.next_step_at = None
        if step + 1 < len(tiers):
            gap = tiers[step + 1].after_minutes - tiers[step].after_minutes
            order.next_step_at = due_at + timedelta(minutes=gap)
        order.escalation_step = min(step + 1, len(tiers))
        self.pending.touch(case)

    def _widen(self, case: Case) -> str:
        """Decide what has no reader again, everybody on shift asked; return what came of it."""
        if case.order.status != OrderStatus.UNASSIGNED:
            return "noted"
        if case.queued is not None and case.queued.reason in PARKED:
            return "parked"
        return self.decide(case, widen=True).outcome.value

    def _alert(self, case: Case) -> str:
        self.flag(case, "sla_alert")
        return "alerted"

    def _supervise(self, case: Case) -> str:
        self.flag(case, "sla_supervisor")
        return "supervisor told"

    def _reassign(self, case: Case) -> str:
        if case.assignment is None:
            return self._widen(case)
        if case.is_being_read:
            return "being read"
        were = case.lost_by(_WAS_OVERDUE)
        if self.pass_on(case, EndReason.OVERDUE, passed_over=were, has_less_load=True):
            self.unflag(case, "sla_no_better_reader")
            return "moved"
        self.flag(case, "sla_no_better_reader")
        return "no better reader"


_ACTIONS: Mapping[TierAction, Callable[[Overdue, Case], str]] = {
    TierAction.FLAG: Overdue._widen,  # noqa: SLF001 -- of this module's class
    TierAction.ALERT: Overdue._alert,  # noqa: SLF001 -- as above
    TierAction.REASSIGN: Overdue._reassign,  # noqa: SLF001 -- as above
    TierAction.SUPERVISOR: Overdue._supervise,  # noqa: SLF001 -- as above
}
