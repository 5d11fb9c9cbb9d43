"""The desk of people: what managers do to a study by hand, and what its reader does.

Everything goes through the desk's own moves, so that seats, due times, notices and audit lines
follow as they do when the engine decides. Whether the study's state allows it was asked before
(``apps.assignment.policies``).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from apps.assignment.choices import PARKED, AssignmentState, EndReason, ReasonChoices
from apps.assignment.desk import Desk, hand_trail, open_desk
from apps.assignment.exceptions import (
    NotFitError,
    NotPossibleError,
    NotYoursError,
    OverrideNeededError,
    ReasonNeededError,
)
from apps.assignment.policies import Action
from apps.assignment.snapshot.ledger import PassingLedger
from apps.assignment.study import REPORTED_BY_HAND, SHORTEST_REASON, URGENCY_BY_HAND
from apps.assignment.taking import Taker, Waiting, why_not_take
from apps.assignment.taking_off import WaitsFor, after_taking_off
from apps.engine.by_hand import HandChoice, decide_by_hand, shifts_for
from apps.engine.codes import Reason, Step, Urgency
from apps.engine.decision import Snapshot
from apps.engine.fitness import fitness
from apps.engine.words import refusal_words
from apps.orders.choices import OrderStatus

if TYPE_CHECKING:
    from apps.assignment.desk.case import Case
    from apps.assignment.models import Assignment
    from apps.engine.facts import OrderFacts
    from apps.engine.refusals import Refusal

_NOT_OPENED = frozenset({OrderStatus.ASSIGNED, OrderStatus.ACKNOWLEDGED})


def open_hand_desk(*, at: datetime, actor: str) -> HandDesk:
    """Take the assignment lock and return a desk for a person; call it inside a transaction.

    A web request may open several in one transaction, and the later ones read what the earlier
    wrote. That may yet be rolled back, so none of it goes to the process's copy of the ledger.
    """
    desk = open_desk(at=at, actor=actor, lines=PassingLedger())
    return HandDesk(
        at=desk.at, view=desk.view, book=desk.book, actor=desk.actor, versions=desk.versions
    )


def require_reason(
    note: str, why: str, error: type[ReasonNeededError] = ReasonNeededError
) -> None:
    """Return quietly when a reason was typed.

    Raises:
        ReasonNeededError: there is none to speak of; ``why`` says what it is needed for.
    """
    if len(note) < SHORTEST_REASON:
        raise error(f"{why} Type one of at least {SHORTEST_REASON} letters.")


class HandDesk(Desk):
    """A desk at which a person acts, who is its actor."""

    # -- managers ------------------------------------------------------------------------

    def give(self, case: Case, radiologist_id: str, *, note: str) -> None:
        """Give the study to a reader; whoever had it gives way.

        Raises:
            NotPossibleError: the reader has it already.
            NotFitError: the reader lacks what no reason replaces, or is away.
            OverrideNeededError: the reader is full, and no reason was typed.
            ReasonNeededError: it is being read, and no reason was typed.
        """
        former = case.assignment
        if former is not None and former.radiologist_id == radiologist_id:
            raise NotPossibleError(f"{self._name(radiologist_id)} has it already.")
        if case.is_being_read:
            require_reason(note, "It is being read, so moving it needs a reason.")
        self._check_may_take(case, radiologist_id, note)
        choice = HandChoice(radiologist_id, self.actor, note)
        decision = decide_by_hand(self._facts(case), self.at, self._snapshot(), choice)
        if former is not None:
            former.end_note = note
        self._assign(case, decision)
        given = _current(case)
        given.made_by, given.made_note = self.actor, note

    def take_off(self, case: Case, *, note: str) -> None:
        """Take the reader off; it is not tried again by itself before its SLA is breached.

        One that no step after a breach would take up any more goes on being tried.
        """
        require_reason(note, "Taking its reader off needs a reason.")
        order = case.order
        waits_for = after_taking_off(order, self.view.policies.tiers_of(order), at=self.at)
        _current(case).end_note = note
        if waits_for is WaitsFor.RETRY:
            self.queue(case, Reason.BY_HAND, text=note)
        else:
            self._put_aside(case, note)

    def decide_again(self, case: Case) -> None:
        """Let the engine decide now.

        Raises:
            NotPossibleError: the engine lacks a fact of the order.
        """
        missing = _missing(case)
        if missing is not None:
            label = ReasonChoices(missing.value).label
            raise NotPossibleError(f"{label}: the engine cannot decide as long as that is so.")
        self.decide(case)

    def release_by_hand(self, case: Case) -> None:
        """Release a held study; one that a rule would hold again waits for a person instead."""
        self.release(case, parked=_missing(case))
        if case.order.status == OrderStatus.HELD and case.queued is not None:
            held_by = case.queued.trace
            self._put_aside(case, "released by hand; a rule would hold it", trace=held_by)

    def set_urgency_by_hand(self, case: Case, urgency: Urgency) -> None:
        """Change the urgency; what waits for a reader is tried at once under the new one.

        The flag tells that a person chose. What the sender last said is left alone, so that a
        later message which repeats it changes nothing.

        Raises:
            NotPossibleError: it has this urgency already.
        """
        if case.order.urgency == urgency:
            raise NotPossibleError(f"It is {urgency.value} already.")
        self._set_urgency_and_rank(case, urgency)
        self.flag(case, URGENCY_BY_HAND)
        if _is_tried_by_itself(case):
            self.decide(case)
            # A rule may have set another; the person has the last word.
            self._set_urgency_and_rank(case, urgency)

    # -- readers -------------------------------------------------------------------------

    def take(self, case: Case, radiologist_id: str) -> None:
        """Give a waiting study to a reader who asks for it, which acknowledges it too.

        Raises:
            NotYoursError: it is not the work of a shift that they are on, nor on a list that they
                share.
            NotPossibleError: it waits for a person to assign it.
            NotFitError: they are offline, full or not fit, or had it and did not take it.
        """
        taker = Taker(radiologist_id, self.at, self._snapshot())
        waiting = self._waiting(case)
        place = taker.place_for(waiting)
        if place is None:
            raise NotYoursError
        if not _is_tried_by_itself(case):
            raise NotPossibleError("It waits for a manager to assign it.")
        refused = why_not_take(waiting, place, taker)
        if refused:
            raise NotFitError(refused)
        self.give(case, radiologist_id, note="")
        self.acknowledge(case)

    def finish(self, case: Case) -> None:
        """Note that the reader has reported it; what was not opened before is opened now."""
        if case.order.status in _NOT_OPENED:
            self.start(case)
        self.report(case, OrderStatus.PRELIMINARY)
        self.flag(case, REPORTED_BY_HAND)

    def reopen(self, case: Case) -> None:
        """Take back that it was reported: the reader has it open again, and its seat.

        The line of the ledger stays; the next report adds its own.

        Raises:
            NotPossibleError: a message about the study has come since.
        """
        if not hand_trail.nothing_came_since(case, Action.DONE):
            raise NotPossibleError("A message about it has come since, so it stays reported.")
        assignment = _current(case)
        assignment.state = AssignmentState.IN_PROGRESS
        assignment.completed_at = assignment.turnaround_seconds = None
        self.pending.touch_assignment(assignment)
        self.book.regain(assignment.radiologist_id, case.seat())
        self.company.note(case)
        case.order.reported_at = None
        self._move(case, OrderStatus.IN_PROGRESS)
        self.unflag(case, REPORTED_BY_HAND)

    def hand_back(self, case: Case, *, note: str) -> None:
        """Take the study from its reader, who declined it, and decide at once who is next."""
        require_reason(note, "Handing it back needs a reason.")
        assignment = _current(case)
        assignment.end_note = note
        self.end(case, EndReason.HANDED_BACK)
        self.decide(case)

    # -- inside --------------------------------------------------------------------------

    def _check_may_take(self, case: Case, radiologist_id: str, note: str) -> None:
        refusal = self._refusal(case, radiologist_id)
        if refusal is None:
            return
        said = f"{self._name(radiologist_id)}: {refusal_words(refusal.code, refusal.params)}."
        if refusal.step is not Step.CAPACITY:
            raise NotFitError(said)
        require_reason(note, f"{said} Going past that needs a reason.", OverrideNeededError)

    def _refusal(self, case: Case, radiologist_id: str) -> Refusal | None:
        facts = self._facts(case)
        shift = shifts_for(facts, self.at, self.view.compiled).get(radiologist_id)
        code = shift.code if shift else None
        return fitness(facts, self.at, self._snapshot(), radiologist_id, shift=code)

    def _set_urgency_and_rank(self, case: Case, urgency: Urgency) -> None:
        self.set_urgency(case, urgency)
        if case.queued is not None:
            case.queued.urgency_rank = urgency.rank
            self.pending.queued[case.order.pk] = case.queued

    def _put_aside(self, case: Case, note: str, *, trace: dict[str, object] | None = None) -> None:
        self.queue(case, Reason.BY_HAND, trace=trace, text=note)
        if case.queued is not None:
            case.queued.is_waiting = False

    def _waiting(self, case: Case) -> Waiting:
        queued = case.queued
        reason, trace = (queued.reason, queued.trace) if queued else ("", {})
        return Waiting(self._facts(case), reason, trace)

    def _facts(self, case: Case) -> OrderFacts:
        return case.facts(self._site_code(case), at=self.at)

    def _snapshot(self) -> Snapshot:
        return Snapshot(compiled=self.view.compiled, loads=self.book.loads)

    def _name(self, radiologist_id: str) -> str:
        person = self.view.compiled.people.get(radiologist_id)
        return person.name if person else radiologist_id


def _current(case: Case) -> Assignment:
    assert case.assignment is not None  # noqa: S101 -- the policy allows it only with a reader
    return case.assignment


def _is_tried_by_itself(case: Case) -> bool:
    queued = case.queued
    return (
        queued is not None
        and queued.is_waiting
        and queued.reason not in PARKED
        and case.order.status == OrderStatus.UNASSIGNED
    )


def _missing(case: Case) -> Reason | None:
    """Return which fact the engine would lack, None when it can decide."""
    if case.queued is not None and case.queued.reason in PARKED:
        return Reason(case.queued.reason)
    order = case.order
    if order.site_id is None:
        return Reason.UNKNOWN_SITE
    if not order.modality:
        return Reason.UNKNOWN_MODALITY
    return Reason.NO_PATIENT if order.patient_id is None else None
