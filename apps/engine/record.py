"""What a decision under way has met, and how it is written down once it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from apps.engine import trace
from apps.engine.codes import Outcome, Reason, Refused, Step, Strategy
from apps.engine.compiled import CompiledConfig
from apps.engine.refusals import Refusal
from apps.engine.result import Decision
from apps.engine.rules import CompiledRule, Skipped
from apps.engine.selection import Attempt, Situation

_REASONS: Mapping[Step, Reason] = {
    Step.ROSTER: Reason.NO_ROSTER,
    Step.RULE: Reason.EXCLUDED,
    Step.COMPETENCY: Reason.NO_COMPETENCY,
    Step.CAPACITY: Reason.AT_CAPACITY,
}
_FURTHEST = (
    Reason.NO_SHIFT,
    Reason.NO_ROSTER,
    Reason.EXCLUDED,
    Reason.NO_COMPETENCY,
    Reason.PASSED_OVER,
    Reason.AT_CAPACITY,
)


class Seen(NamedTuple):
    """What a run has met: the pools asked in turn, what they were judged by, the rules that held.

    ``required`` are the credentials that rules ask for; ``escalated_by`` is empty while the order
    is not escalated.
    """

    attempts: tuple[Attempt, ...]
    situation: Situation
    matched: tuple[CompiledRule, ...]
    required: frozenset[str]
    escalated_by: str


class Record:
    """The pools asked, the rules that held, how far anybody came; and the decision made of it."""

    def __init__(
        self,
        compiled: CompiledConfig,
        situation: Situation,
        *,
        widen: bool,
        with_trace: bool,
    ) -> None:
        self._compiled = compiled
        self._situation = situation
        self._widen = widen
        self._with_trace = with_trace
        self._attempts: list[Attempt] = []
        self._matched: list[CompiledRule] = []
        self._skipped: list[Skipped] = []
        self._required: frozenset[str] = frozenset()
        self._furthest = Reason.NO_SHIFT
        self._escalated_by = ""

    def _note_furthest(self, attempt: Attempt) -> None:
        """Remember the last step that anybody reached; a pool that runs is past the shifts."""
        if attempt.pool.kind == "idle":
            return
        reached = [_reason_of(refusal) for _, refusal in attempt.out]
        candidates = (self._furthest, Reason.NO_ROSTER, *reached)
        self._furthest = max(candidates, key=_FURTHEST.index)

    def _escalate(self, cause: str) -> None:
        self._situation.is_escalated = True
        self._escalated_by = self._escalated_by or cause

    def _assigned(self, attempt: Attempt, rule: CompiledRule | None) -> Decision:
        if attempt.choice is None:  # pragma: no cover -- the caller looked
            raise AssertionError
        if attempt.is_all_late:
            self._escalate("sla")
        chosen = attempt.choice.candidate
        return self._decision(
            Outcome.ASSIGNED,
            radiologist=chosen.person.id,
            shift=chosen.shift.code if chosen.shift else None,
            strategy=attempt.strategy,
            rule=rule,
        )

    def _held(self, rule: CompiledRule) -> Decision:
        text = rule.facts.target
        return self._decision(Outcome.HELD, reason=Reason.HELD, reason_text=text, rule=rule)

    def unassigned(self, reason: Reason, rule: CompiledRule | None = None) -> Decision:
        """Return the decision that leaves the order in the unassigned queue."""
        return self._decision(Outcome.UNASSIGNED, reason=reason, rule=rule)

    def _decision(
        self,
        outcome: Outcome,
        *,
        radiologist: str | None = None,
        shift: str | None = None,
        strategy: Strategy | None = None,
        reason: Reason | None = None,
        reason_text: str = "",
        rule: CompiledRule | None = None,
    ) -> Decision:
        matched = tuple((held.facts.id, held.facts.version) for held in self._matched)
        decision = Decision(
            outcome=outcome,
            radiologist=radiologist,
            shift=shift,
            strategy=strategy,
            rule_id=rule.facts.id if rule else None,
            rule_version=rule.facts.version if rule else None,
            matched_rules=matched,
            reason=reason,
            reason_text=reason_text,
            escalated=self._situation.is_escalated,
            urgency=self._situation.urgency,
            trace={},
        )
        if self._with_trace:
            decision.trace.update(self._trace(decision))
        return decision

    @property
    def full(self) -> frozenset[str]:
        """Return who was asked and fell out for want of a free seat."""
        return frozenset(
            member.id
            for attempt in self._attempts
            for member, refusal in attempt.out
            if refusal.step is Step.CAPACITY
        )

    @property
    def sharing(self) -> frozenset[str]:
        """Return who was fit in the last pool asked: after ``Reason.WORKLIST``, who shares it."""
        fit = self._attempts[-1].fit if self._attempts else ()
        return frozenset(candidate.person.id for candidate in fit)

    @property
    def seen(self) -> Seen:
        """Return what the run has met so far, for who asks why it came to what it did."""
        return Seen(
            tuple(self._attempts),
            self._situation,
            tuple(self._matched),
            self._required,
            self._escalated_by,
        )

    def _weighed(self) -> tuple[str, ...]:
        """Return what of the order a strategy weighed beside what is always read."""
        is_optimal = any(tried.strategy is Strategy.OPTIMAL for tried in self._attempts)
        return ("rvu",) if is_optimal else ()

    def _trace(self, decision: Decision) -> dict[str, Any]:
        situation, subject = self._situation, self._situation.subject
        facts_read = self._compiled.rules.facts_read
        left = trace.time_left_minutes(situation)
        return trace.empty_to_none(
            {
                "v": trace.TRACE_VERSION,
                "at": trace.moment(subject.at),
                "widen": self._widen or None,
                "relieve": situation.relieved.id if situation.relieved else None,
                "versions": self._compiled.versions,
                "order": trace.order_json(subject.order, (*facts_read, *self._weighed())),
                "rules": trace.rules_json(rule.facts for rule in self._matched),
                "skipped": trace.skipped_json(self._skipped),
                "minutes_left": left,
                "escalated_by": self._escalated_by,
                "tries": [trace.attempt_json(tried, situation) for tried in self._attempts],
                "loads": trace.loads_json(self._attempts, situation),
                "result": _result(decision),
            }
        )


def _reason_of(refusal: Refusal) -> Reason:
    """Return what it means for the order when nobody came further than this."""
    if refusal.code is Refused.PASSED_OVER:
        return Reason.PASSED_OVER
    return _REASONS[refusal.step]


def _result(decision: Decision) -> dict[str, Any]:
    return trace.empty_to_none(
        {
            "outcome": decision.outcome.value,
            "radiologist": decision.radiologist,
            "shift": decision.shift,
            "strategy": decision.strategy.value if decision.strategy else None,
            "rule": decision.rule_id,
            "rule_version": decision.rule_version,
            "reason": decision.reason.value if decision.reason else None,
            "reason_text": decision.reason_text,
            "escalated": decision.escalated or None,
            "urgency": decision.urgency.value,
        }
    )
