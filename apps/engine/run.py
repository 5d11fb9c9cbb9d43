"""One decision under way: the rules in their order, then the pools. Source: spec 2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from apps.engine import pools
from apps.engine.codes import ActionType, Reason
from apps.engine.competency import Demand
from apps.engine.conditions.subject import Subject
from apps.engine.coverage import Coverage
from apps.engine.facts import OrderFacts, RuleFacts, SiteFacts
from apps.engine.members import Pool
from apps.engine.record import Record
from apps.engine.result import Decision, Snapshot
from apps.engine.rules import ASSIGNING, CompiledRule
from apps.engine.selection import Situation, ask, offer
from apps.engine.specificity import PoolKey


class Run(Record):
    """What the rules have added so far, and which pools are asked."""

    def __init__(
        self,
        order: OrderFacts,
        at: datetime,
        snapshot: Snapshot,
        site: SiteFacts | None,
        relieve: str = "",
        *,
        widen: bool = False,
        with_trace: bool = True,
        planned: str = "",
    ) -> None:
        compiled = snapshot.compiled
        situation = Situation(
            Subject(order, at, site, compiled.config.holidays),
            snapshot.loads,
            compiled.weights,
            compiled.config.balance,
            relieved=compiled.people.get(relieve),
            ahead=partial(compiled.reading_ahead, at),
            planned=planned,
            alike=snapshot.alike,
        )
        super().__init__(compiled, situation, widen=widen, with_trace=with_trace)
        self._deferred: list[CompiledRule] = []
        self._overflows: list[CompiledRule] = []
        self._hold: CompiledRule | None = None

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
            decided = self._place_by(rule, site)
            if decided is not None:
                return decided
        return None if self._hold is None else self._held(self._hold)

    def by_default(self, site: SiteFacts) -> Decision:
        """Ask the pools of the shifts that fit, or everybody once the order is escalated."""
        return (
            self._by_pools(site, self._overflows)
            or self._widened(site)
            or self.unassigned(self._furthest)
        )

    def _by_pools(
        self,
        site: SiteFacts,
        overflows: Iterable[CompiledRule],
        rule: CompiledRule | None = None,
    ) -> Decision | None:
        """Ask the order's own pools, or everybody once it is escalated, then where it flows over.

        Args:
            site: of the order.
            overflows: the rules that say where to, in turn.
            rule: the one that ends the run here, recorded with what the own pools decide.
        """
        coverage, key = self._coverage(), self._key(site)
        is_escalated = self._situation.is_escalated
        own = pools.widened_pools if is_escalated else pools.pools_by_level
        decided = self._ask_all(own(self._compiled, coverage, key), rule)
        for overflow in overflows:
            named = overflow.target.named
            if decided is not None:
                break
            if named or not is_escalated:  # else everybody was asked just now
                asked = pools.overflow_pools(self._compiled, coverage, key, named)
                decided = self._ask_all(asked, overflow)
            decided = self._or_strict(decided, overflow)
        return decided

    def _widened(self, site: SiteFacts) -> Decision | None:
        """Ask everybody on any shift for an order past its SLA, and mark it escalated."""
        if not self._widen or self._situation.is_escalated:
            return None
        self._escalate("widened")
        coverage, key = self._coverage(), self._key(site)
        return self._ask_all(pools.widened_pools(self._compiled, coverage, key))

    def _coverage(self) -> Coverage:
        return self._compiled.coverage_at(self._situation.at)

    def _key(self, site: SiteFacts) -> PoolKey:
        """Return what the pools depend on; a SET_PRIORITY rule may just have changed it."""
        subject = self._situation.subject
        order = subject.order
        demand = Demand(
            site=site,
            modality=order.modality,
            body_part=order.body_part,
            credentials=order.required_credentials | self._required,
            subspecialty=order.required_subspecialty,
            on=self._compiled.local_date(site, subject.at),
        )
        return PoolKey(demand, subject.subspecialty, subject.urgency)

    def set_priority(self, rule: CompiledRule, _site: SiteFacts) -> None:
        """Raise or lower the urgency for what follows."""
        subject = self._situation.subject
        subject.urgency = rule.target.urgency or subject.urgency

    def exclude(self, rule: CompiledRule, _site: SiteFacts) -> None:
        """Leave the named readers out of what follows."""
        self._situation.excluded |= frozenset(rule.target.named)

    def prefer(self, rule: CompiledRule, _site: SiteFacts) -> None:
        """Favour the named readers wherever some of them are fit and in time."""
        self._situation.preferred.append(rule)

    def require_credential(self, rule: CompiledRule, _site: SiteFacts) -> None:
        """Ask for more credentials than the procedure does."""
        self._required |= frozenset(rule.target.named)

    def use_strategy(self, rule: CompiledRule, _site: SiteFacts) -> None:
        """Choose by another strategy than that of the shifts; the last rule that says so counts."""
        self._situation.strategy = rule.target.strategy

    def escalate(self, rule: CompiledRule, _site: SiteFacts) -> None:
        """Mark the order; its default pool becomes everybody on shift."""
        self._escalate(f"rule {rule.facts.id}")

    def hold(self, rule: CompiledRule, _site: SiteFacts) -> Decision | None:
        """Hold the order, at once or when nothing else decides."""
        if rule.is_terminal:
            return self._held(rule)
        self._hold = self._hold or rule
        return None

    def overflow(self, rule: CompiledRule, site: SiteFacts) -> Decision | None:
        """Let what the order's own shifts cannot take flow over to others; now or at the end."""
        if rule.is_terminal:
            return self._by_pools(site, [*self._overflows, rule], rule)
        self._overflows.append(rule)
        return None

    def assign(self, rule: CompiledRule, site: SiteFacts) -> Decision | None:
        """Ask the rule's readers, at once or after the terminal rules."""
        if rule.is_terminal:
            return self._place_by(rule, site)
        self._deferred.append(rule)
        return None

    def _place_by(self, rule: CompiledRule, site: SiteFacts) -> Decision | None:
        coverage, key, named = self._coverage(), self._key(site), rule.target.named
        if rule.facts.action is ActionType.ASSIGN_TO_WORKLIST:
            return self._or_strict(self._share(rule, coverage, key), rule)
        if rule.facts.action is ActionType.ASSIGN_TO_SHIFT:
            asked = pools.shift_pool(self._compiled, coverage, key, named[0])
        else:
            asked = (pools.person_pool(self._compiled, coverage, key, named[0]),)
        return self._or_strict(self._ask_all(asked, rule), rule)

    def _or_strict(self, decided: Decision | None, rule: CompiledRule) -> Decision | None:
        if decided is None and rule.facts.is_strict:
            return self.unassigned(Reason.RULE_STRICT, rule)
        return decided

    def _share(self, rule: CompiledRule, coverage: Coverage, key: PoolKey) -> Decision | None:
        """Leave the order on the list that the named share, while one of them could take it.

        What is overdue waits for nobody to take it: it is given to one of them, and goes on to the
        next rule when none of them is fit.
        """
        pool = pools.worklist_pool(self._compiled, coverage, key, rule.target.named)
        if self._widen:
            strategy = pools.strategy_of_list(coverage, rule.target.named)
            return self._ask_all((replace(pool, strategy=strategy),), rule)
        attempt = offer(pool, self._situation, rule.facts)
        self._attempts.append(attempt)
        if not attempt.fit:
            self._note_furthest(attempt)
            return None
        return self.unassigned(Reason.WORKLIST, rule)

    def _ask_all(self, asked: Iterable[Pool], rule: CompiledRule | None = None) -> Decision | None:
        for pool in asked:
            attempt = ask(pool, self._situation, _names(pool, rule))
            self._attempts.append(attempt)
            if attempt.choice is not None:
                return self._assigned(attempt, rule)
            self._note_furthest(attempt)
        return None


def _names(pool: Pool, rule: CompiledRule | None) -> RuleFacts | None:
    """Return the rule that named the pool; the order's own pools no rule names."""
    return None if rule is None or pool.kind in _OWN else rule.facts


_OWN = frozenset({"level", "cluster", "national"})


_Action = Callable[[Run, CompiledRule, SiteFacts], Decision | None]
_ACTIONS: Mapping[ActionType, _Action] = {
    ActionType.SET_PRIORITY: Run.set_priority,
    ActionType.EXCLUDE: Run.exclude,
    ActionType.ESCALATE: Run.escalate,
    ActionType.HOLD: Run.hold,
    ActionType.OVERFLOW: Run.overflow,
    ActionType.PREFER: Run.prefer,
    ActionType.REQUIRE_CREDENTIAL: Run.require_credential,
    ActionType.USE_STRATEGY: Run.use_strategy,
    **dict.fromkeys(ASSIGNING, Run.assign),
}
