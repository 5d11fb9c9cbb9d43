"""One decision under way: the rules in their order, then the pools. Source: spec 2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from apps.engine import pools, trace
from apps.engine.codes import ActionType, Outcome, Reason, Refused, Step, Strategy
from apps.engine.competency import Demand
from apps.engine.conditions.subject import Subject
from apps.engine.coverage import Coverage
from apps.engine.facts import OrderFacts, SiteFacts
from apps.engine.refusals import Refusal
from apps.engine.result import Decision, Snapshot
from apps.engine.rules import ASSIGNING, CompiledRule, Skipped
from apps.engine.selection import Attempt, Situation, ask

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


class Run:
    """What the rules have added so far, and which pools were asked."""

    def __init__(
        self,
        order: OrderFacts,
        at: datetime,
        snapshot: Snapshot,
        site: SiteFacts | None,
        relieve: str = "",
    ) -> None:
        compiled = snapshot.compiled
        subject = Subject(order, at, site, compiled.config.holidays)
        self._compiled = compiled
        self._situation = Situation(
            subject, snapshot.loads, compiled.weights, relieved=compiled.people.get(relieve)
        )
        self._attempts: list[Attempt] = []
        self._matched: list[CompiledRule] = []
        self._skipped: list[Skipped] = []
        self._deferred: list[CompiledRule] = []
        self._hold: CompiledRule | None = None
        self._furthest = Reason.NO_SHIFT
        self._escalated_by = ""
        self._is_widened = False

    def by_rules(self, site: SiteFacts) -> Decision | None:
        """Run the rules; None when none of them decides.

        A terminal rule decides where it stands; one that is not terminal takes effect only
        when no terminal one decided.
        """
        subject = self._situation.subject
        for rule in self._compiled.rules.matching(subject, subject.at, self._skipped):
            self._matched.append(rule)
            decided = _ACTIONS[rule.facts.action](self, rule, site)
            if decided is not None:
                return decided
        for rule in self._deferred:
            decided = self._assign_by(rule, site)
            if decided is not None:
                return decided
        return None if self._hold is None else self._held(self._hold)

    def by_default(self, site: SiteFacts, *, widen: bool) -> Decision:
        """Ask the pools of the shifts that fit, or everybody once the order is escalated."""
        self._is_widened = widen
        coverage, key = self._coverage(), self._key(site)
        if not self._situation.is_escalated:
            decided = self._ask_all(pools.pools_by_level(self._compiled, coverage, key))
            if decided is not None or not widen:
                return decided or self.unassigned(self._furthest)
            self._escalate("widened")
        widened = pools.widened_pools(self._compiled, coverage, key)
        return self._ask_all(widened) or self.unassigned(self._furthest)

    def _coverage(self) -> Coverage:
        return self._compiled.coverage_at(self._situation.at)

    def _key(self, site: SiteFacts) -> pools.PoolKey:
        """Return what the pools depend on; a SET_PRIORITY rule may just have changed it."""
        subject = self._situation.subject
        order = subject.order
        demand = Demand(
            site=site,
            modality=order.modality,
            body_part=order.body_part,
            credentials=order.required_credentials,
            subspecialty=order.required_subspecialty,
            on=self._compiled.local_date(site, subject.at),
        )
        return pools.PoolKey(demand, subject.subspecialty, subject.urgency)

    def set_priority(self, rule: CompiledRule, _site: SiteFacts) -> None:
        """Raise or lower the urgency for what follows."""
        subject = self._situation.subject
        subject.urgency = rule.urgency or subject.urgency

    def exclude(self, rule: CompiledRule, _site: SiteFacts) -> None:
        """Leave the named readers out of what follows."""
        self._situation.excluded |= rule.excluded

    def escalate(self, rule: CompiledRule, _site: SiteFacts) -> None:
        """Mark the order; its default pool becomes everybody on shift."""
        self._escalate(f"rule {rule.facts.id}")

    def hold(self, rule: CompiledRule, _site: SiteFacts) -> Decision | None:
        """Hold the order, at once or when nothing else decides."""
        if rule.is_terminal:
            return self._held(rule)
        self._hold = self._hold or rule
        return None

    def assign(self, rule: CompiledRule, site: SiteFacts) -> Decision | None:
        """Ask the rule's readers, at once or after the terminal rules."""
        if rule.is_terminal:
            return self._assign_by(rule, site)
        self._deferred.append(rule)
        return None

    def _assign_by(self, rule: CompiledRule, site: SiteFacts) -> Decision | None:
        coverage, key, target = self._coverage(), self._key(site), rule.facts.target.strip()
        if rule.facts.action is ActionType.ASSIGN_TO_SHIFT:
            asked = pools.shift_pool(self._compiled, coverage, key, target)
        else:
            asked = (pools.person_pool(self._compiled, coverage, key, target),)
        decided = self._ask_all(asked, rule)
        if decided is None and rule.facts.is_strict:
            return self.unassigned(Reason.RULE_STRICT, rule)
        return decided

    def _ask_all(
        self, asked: Iterable[pools.Pool], rule: CompiledRule | None = None
    ) -> Decision | None:
        for pool in asked:
            attempt = ask(pool, self._situation, rule.facts if rule else None)
            self._attempts.append(attempt)
            if attempt.choice is not None:
                return self._assigned(attempt, rule)
            self._note_furthest(attempt)
        return None

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
            strategy=attempt.pool.strategy,
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
        decision.trace.update(self._trace(decision))
        return decision

    def _trace(self, decision: Decision) -> dict[str, Any]:
        situation, subject = self._situation, self._situation.subject
        facts_read = self._compiled.rules.facts_read
        left = trace.time_left_minutes(situation)
        return trace.empty_to_none(
            {
                "v": trace.TRACE_VERSION,
                "at": trace.moment(subject.at),
                "widen": self._is_widened or None,
                "relieve": situation.relieved.id if situation.relieved else None,
                "versions": self._compiled.versions,
                "order": trace.order_json(subject.order, facts_read),
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


_Action = Callable[[Run, CompiledRule, SiteFacts], Decision | None]
_ACTIONS: Mapping[ActionType, _Action] = {
    ActionType.SET_PRIORITY: Run.set_priority,
    ActionType.EXCLUDE: Run.exclude,
    ActionType.ESCALATE: Run.escalate,
    ActionType.HOLD: Run.hold,
    **dict.fromkeys(ASSIGNING, Run.assign),
}
