"""Decides who reads an order, and gives, takes away and holds it: what every move is made of."""

from __future__ import annotations

from collections.abc import Iterable

from apps.assignment.choices import AssignmentState, EndReason, LedgerKind
from apps.assignment.desk import trail
from apps.assignment.desk.case import Case, Earlier
from apps.assignment.desk.clockwork import ACKNOWLEDGE_FLAGS, Clockwork
from apps.assignment.desk.pending import Made
from apps.assignment.desk.shadowing import Asked, ask_shadows
from apps.assignment.desk.work import does_work
from apps.assignment.models import Unassigned
from apps.assignment.study import URGENCY_BY_HAND
from apps.engine.codes import Outcome, Reason, Refused, Step, Strategy, Urgency
from apps.engine.decision import Decision, Snapshot, decide
from apps.engine.facts import OrderFacts
from apps.engine.fitness import fitness
from apps.engine.refusals import Refusal
from apps.engine.words import refusal_words
from apps.orders.choices import OrderStatus
from apps.outbound.choices import OutboundKind

_CHOSEN_FOR_THE_WORK = frozenset(
    {
        Strategy.LOAD_BALANCED.value,
        Strategy.SCORED.value,
        Strategy.ROUND_ROBIN.value,
        Strategy.URGENT.value,
        Strategy.FAIR.value,
        Strategy.OPTIMAL.value,
    }
)
"""Strategies that choose among the shifts for a kind of work; rules, escalations and people
may choose somebody from any shift."""


class Deciding(Clockwork):
    """Decides, and carries out what was decided."""

    def decide(
        self, case: Case, *, widen: bool = False, passed_over: frozenset[str] = frozenset()
    ) -> Decision:
        """Decide who reads the order and carry it out; the reader it has, if any, gives way.

        Args:
            case: the order.
            widen: whether everybody on shift is asked when those whom it fits cannot take it.
            passed_over: readers it must not go to, beside those who had it and handed it back or
                did not acknowledge it.
        """
        decision = self._ask(case, widen=widen, passed_over=passed_over)
        self.carry_out(case, decision, Asked(passed_over, widen=widen))
        return decision

    def carry_out(self, case: Case, decision: Decision, asked: Asked) -> None:
        """Do what was just decided of an order, whoever had it."""
        ask_shadows(self, case, decision, asked)
        if decision.outcome is not Outcome.ASSIGNED:
            self.pending.rules_matched.extend(rule_id for rule_id, _ in decision.matched_rules)
        self._take_urgency(case, decision.urgency)
        if decision.outcome is Outcome.ASSIGNED:
            self._assign(case, decision)
        elif decision.outcome is Outcome.HELD:
            self.hold(case, decision.reason_text, trace=decision.trace)
        else:
            self.queue(case, decision.reason or Reason.NO_SHIFT, trace=decision.trace)

    def pass_on(
        self,
        case: Case,
        reason: EndReason,
        *,
        passed_over: frozenset[str],
        has_less_load: bool = False,
    ) -> bool:
        """Give the order to another reader, anybody on shift; without one it stays where it is.

        Args:
            case: an order with a reader.
            reason: why they lose it.
            passed_over: whom it must not go to, beside its reader and those who did not take it.
            has_less_load: whether only somebody with less load than its reader will do.

        Returns:
            Whether it moved.
        """
        assert case.assignment is not None  # noqa: S101 -- asked of cases with a reader
        present = case.assignment.radiologist_id
        relieve, passed_over = present if has_less_load else "", passed_over | {present}
        decision = self._ask(case, widen=True, passed_over=passed_over, relieve=relieve)
        if decision.outcome is not Outcome.ASSIGNED:
            return False
        ask_shadows(self, case, decision, Asked(passed_over, widen=True, relieve=relieve))
        self._take_urgency(case, decision.urgency)
        self.end(case, reason)
        self._assign(case, decision)
        return True

    def reader_refusal(self, case: Case, *, count_capacity: bool = False) -> Refusal | None:
        """Return why the order's reader could no longer be given it, or None."""
        assert case.assignment is not None  # noqa: S101 -- asked of cases with a reader
        return fitness(
            case.facts(self._site_code(case), at=self.at),
            self.at,
            Snapshot(compiled=self.view.compiled, loads=self.book.loads),
            case.assignment.radiologist_id,
            shift=case.assignment.shift_code or None,
            count_capacity=count_capacity,
        )

    def recheck(self, case: Case, *, is_rerouted: bool, is_other_urgency: bool = False) -> None:
        """Decide again if the reader has become unfit; what is being read is only flagged.

        Args:
            case: an order with a reader.
            is_rerouted: whether site, modality, body part or procedure changed, so that the
                reader's shift may no longer be the one for this work.
            is_other_urgency: whether the urgency changed. Who has it on a shift for another
                urgency keeps it unless a shift for this one has somebody.
        """
        refusal = self._other_work(case) if is_rerouted else None
        refusal = refusal or self.reader_refusal(case)
        if refusal is not None and case.is_being_read:
            self.flag(case, "reader_unfit_while_reading")
        elif refusal is not None:
            self.give_up(case, refusal)
        elif is_other_urgency and not case.is_being_read:
            self._seek_shift_of_its_urgency(case)

    def give_up(self, case: Case, refusal: Refusal) -> None:
        """Take the order from a reader who is no longer fit, and decide again."""
        self._lose(case, refusal)
        _note_loss(case, self.decide(case), refusal)

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
        self.limit_listing(case, reason)
        if reason is not Reason.HELD:
            self._move(case, OrderStatus.UNASSIGNED)
        if before != reason.value:
            trail.unassigned(self, case, reason.value)
        if case.is_told_of_reader:
            case.is_told_of_reader = False
            self._tell(case, OutboundKind.UNASSIGNED, reason=reason.value)
        elif before != reason.value:
            self._tell(case, OutboundKind.WAITING, reason=reason.value, only_if_asked=True)

    def end(self, case: Case, reason: EndReason) -> None:
        """End the current assignment and give its seat back; the order needs a new state."""
        assignment = case.assignment
        if assignment is None:
            return
        self.note_missed(case)
        self._unflag_all(case, ACKNOWLEDGE_FLAGS)
        if case.holds_a_seat:
            self.book.free(assignment.radiologist_id, case.seat())
            self._take_back(assignment, assignment.units)
        assignment.state = AssignmentState.ENDED
        assignment.is_current = False
        assignment.ended_at = self.at
        assignment.end_reason = reason
        self.pending.touch_assignment(assignment)
        trail.ended(self, case, assignment)
        case.earlier = (*case.earlier, Earlier(assignment.radiologist_id, reason))
        case.assignment = None
        self.company.note(case)

    def hold(self, case: Case, reason: str, *, trace: dict[str, object] | None = None) -> None:
        """Hold the order: its seat is freed, its reader kept for the release."""
        if case.assignment is not None and case.holds_a_seat:
            self.book.free(case.assignment.radiologist_id, case.seat())
            self._take_back(case.assignment, case.assignment.units)
            case.assignment.state = AssignmentState.HELD
            self.pending.touch_assignment(case.assignment)
            self.company.note(case)
        self._move(case, OrderStatus.HELD)
        case.order.held_reason = reason[:200] or "held"
        self.queue_held(case, reason, trace)

    def queue_held(self, case: Case, reason: str, trace: dict[str, object] | None = None) -> None:
        """Show a held order without a reader among the unassigned, waiting for its release."""
        if case.assignment is None:
            self.queue(case, Reason.HELD, trace=trace, text=reason[:200])

    # -- inside --------------------------------------------------------------------------

    def _take_urgency(self, case: Case, urgency: Urgency) -> None:
        """Take over the urgency that a rule sets; a person's choice stands above rules."""
        if URGENCY_BY_HAND not in case.order.flags:
            self.set_urgency(case, urgency)

    def _ask(
        self, case: Case, *, widen: bool, passed_over: frozenset[str], relieve: str = ""
    ) -> Decision:
        return decide(
            self.facts_to_decide(case, passed_over),
            self.at,
            Snapshot(compiled=self.view.compiled, loads=self.book.loads),
            widen=widen,
            relieve=relieve,
        )

    def facts_to_decide(self, case: Case, passed_over: frozenset[str] = frozenset()) -> OrderFacts:
        """Return what the engine is asked about."""
        return case.facts(
            self._site_code(case),
            at=self.at,
            passed_over=passed_over,
            company=self.company.of(case),
        )

    def _assign(self, case: Case, decision: Decision) -> None:
        if case.assignment is not None:
            self.end(case, EndReason.REASSIGNED)
        order = case.order
        assignment = self._new_assignment(case, decision)
        assignment.acknowledge_due_at = self.acknowledge_due(case, self.at)
        case.assignment = assignment
        self.pending.new_assignments[assignment.pk] = assignment
        self._leave_queue(case)
        self._move(case, OrderStatus.ASSIGNED)
        self.book.take(
            assignment.radiologist_id, case.seat(), shift=assignment.shift_code, at=self.at
        )
        self._line(assignment, LedgerKind.ASSIGNED)
        self.company.note(case)
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
                received_at=None if case.earlier else order.received_at,
                rule_ids=tuple(rule_id for rule_id, _ in decision.matched_rules),
            )
        )

    def _other_work(self, case: Case, urgencies: Iterable[Urgency] = Urgency) -> Refusal | None:
        """Return why, where the shift the reader has it on does not do this kind of work."""
        assignment = case.assignment
        if assignment is None or assignment.strategy not in _CHOSEN_FOR_THE_WORK:
            return None
        shift = self.view.shifts.get(assignment.shift_code)
        facts, compiled = case.facts(self._site_code(case)), self.view.compiled
        if shift is not None and does_work(shift, facts, compiled, urgencies=urgencies):
            return None
        return Refusal(Step.SHIFT, Refused.OTHER_WORK, (assignment.shift_code,))

    def _seek_shift_of_its_urgency(self, case: Case) -> None:
        """Give the order to the shift for its urgency, if that has somebody who can take it."""
        refusal = self._other_work(case, [Urgency(case.order.urgency)])
        if refusal is None:
            return
        decision = self._ask(case, widen=False, passed_over=frozenset())
        is_found = decision.outcome is Outcome.ASSIGNED
        assert case.assignment is not None  # noqa: S101 -- there is one that does other work
        if not is_found or decision.radiologist == case.assignment.radiologist_id:
            return
        ask_shadows(self, case, decision, Asked())
        self._take_urgency(case, decision.urgency)
        self._lose(case, refusal)
        self._assign(case, decision)
        _note_loss(case, decision, refusal)

    def _lose(self, case: Case, refusal: Refusal) -> None:
        assert case.assignment is not None  # noqa: S101 -- asked of cases with a reader
        case.assignment.end_note = refusal_words(refusal.code, refusal.params)[:200]
        self.end(case, EndReason.UNFIT)


def _note_loss(case: Case, decision: Decision, refusal: Refusal) -> None:
    """Note in the trace of a new decision why the last reader lost the order."""
    lost_by = case.earlier[-1].radiologist_id
    decision.trace["lost_by"] = [lost_by, refusal.code.value, *refusal.params]
