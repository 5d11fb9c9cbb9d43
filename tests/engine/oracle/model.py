"""Step 3 and the whole: the rules in their turn, then the pools, then what is left to say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from apps.engine.codes import CONFIGURED, ActionType, Outcome, Reason, Strategy, Urgency
from apps.engine.facts import Config, OrderFacts, RuleFacts, Workload
from apps.engine.rota import ShiftFacts
from tests.engine.oracle import language
from tests.engine.oracle.choosing import choose
from tests.engine.oracle.people import (
    Asked,
    Case,
    fits,
    in_time,
    is_there,
    named_shift,
    on_shifts,
    precision,
    refusal,
    running,
)

DECIDING = {
    ActionType.ASSIGN_TO_SHIFT,
    ActionType.ASSIGN_TO_RADIOLOGIST,
    ActionType.ASSIGN_TO_WORKLIST,
    ActionType.OVERFLOW,
    ActionType.HOLD,
}
# How far an order came, the furthest last. Source: spec 2, the unassigned queue.
FURTHEST = (
    Reason.NO_SHIFT,
    Reason.NO_ROSTER,
    Reason.EXCLUDED,
    Reason.NO_COMPETENCY,
    Reason.PASSED_OVER,
    Reason.AT_CAPACITY,
)
Pool = frozenset[tuple[str, str | None]]


@dataclass(slots=True)
class Answer:
    """What was decided; ``pools`` are who was fit where anybody was, before and after the SLA."""

    outcome: Outcome = Outcome.UNASSIGNED
    radiologist: str | None = None
    shift: str | None = None
    strategy: Strategy | None = None
    rule_id: int | None = None
    matched: tuple[int, ...] = ()
    skipped: frozenset[int] = frozenset()
    reason: Reason | None = None
    reason_text: str = ""
    escalated: bool = False
    urgency: Urgency = Urgency.ROUTINE
    pools: list[tuple[Pool, Pool]] = field(default_factory=list)


def answer(
    config: Config,
    order: OrderFacts,
    loads: dict[str, Workload],
    at: datetime,
    *,
    widen: bool = False,
    relieve: str = "",
) -> Answer:
    """Decide who reads the order."""
    case = Case(config, order, loads, at, relieve, order.urgency)
    return Oracle(case, widen=widen).whole()


class Oracle:
    """One decision, step by step."""

    def __init__(self, case: Case, *, widen: bool) -> None:
        self.case = case
        self.widen = widen
        self.said = Answer()
        self.furthest = Reason.NO_SHIFT

    def whole(self) -> Answer:
        if self.case.order.site not in {site.code for site in self.case.config.sites}:
            self.said.reason = Reason.UNKNOWN_SITE
        elif not (self.rules_decide() or self.default_decides()):
            self.said.reason = self.furthest
        self.said.escalated = self.said.escalated or self.case.escalated
        self.said.urgency = self.case.urgency
        return self.said

    # Step 3

    def rules_decide(self) -> bool:
        waiting: list[RuleFacts] = []
        for rule in self.matching():
            self.said.matched += (rule.id,)
            if rule.action not in DECIDING:
                self.take_effect(rule)
            elif not rule.is_terminal and rule.action is ActionType.OVERFLOW:
                self.case.overflows.append(rule)
            elif not rule.is_terminal:
                waiting.append(rule)
            elif self.rule_decides(rule):
                return True
        # What is not terminal takes effect in its turn: readers first, then a hold, and what
        # flows over belongs to the default.
        holds = [rule for rule in waiting if rule.action is ActionType.HOLD]
        readers = [rule for rule in waiting if rule not in holds]
        return any(self.rule_decides(rule) for rule in (*readers, *holds))

    def matching(self) -> Iterator[RuleFacts]:
        case = self.case
        for rule in sorted(case.config.rules, key=lambda one: (one.priority_order, one.id)):
            starts, ends = rule.active_from, rule.active_until
            if (starts and case.at < starts) or (ends and case.at >= ends):
                continue
            if not language.is_readable(rule.conditions) or not is_usable(rule):
                self.said.skipped |= {rule.id}
                continue
            asked = language.Asked(case.config, case.order, case.at, case.urgency)
            if language.holds(rule.conditions, asked):
                yield rule

    def take_effect(self, rule: RuleFacts) -> None:
        case = self.case
        match rule.action:
            case ActionType.ESCALATE:
                case.escalated = True
            case ActionType.EXCLUDE:
                case.excluded |= {*listed(rule.target)}
            case ActionType.SET_PRIORITY:
                case.urgency = Urgency(rule.target.strip())
            case ActionType.PREFER:
                case.preferred.append(listed(rule.target))
            case ActionType.REQUIRE_CREDENTIAL:
                case.credentials |= {*listed(rule.target)}
            case ActionType.USE_STRATEGY:
                case.strategy = Strategy(rule.target.strip())

    def rule_decides(self, rule: RuleFacts) -> bool:
        if rule.action is ActionType.HOLD:
            self.said.outcome, self.said.reason = Outcome.HELD, Reason.HELD
            self.said.reason_text = rule.target
        elif rule.action is ActionType.OVERFLOW:
            return self.own_pools_give(rule)
        elif not self.rule_gives(rule):
            return self.strictly(rule)
        self.said.rule_id = rule.id
        return True

    def strictly(self, rule: RuleFacts) -> bool:
        """Say whether a rule whose readers cannot take it leaves it unassigned."""
        if rule.is_strict:
            self.said.reason, self.said.rule_id = Reason.RULE_STRICT, rule.id
        return rule.is_strict

    def rule_gives(self, rule: RuleFacts) -> bool:
        case, named = self.case, rule.target.strip()
        match rule.action:
            case ActionType.ASSIGN_TO_SHIFT:
                meant = [shift for shift in running(case) if shift.code == named]
                return bool(meant) and self.pool_gives(meant)
            case ActionType.ASSIGN_TO_RADIOLOGIST:
                them = [Asked(named, named_shift(case, named))]
                return self.those_give(self.fit(them, is_named=True), Strategy.RULE)
            case _:
                return self.shared_list(listed(named))

    def flows_over(self, rule: RuleFacts) -> bool:
        """Ask the shifts that a rule names, in turn; everybody on shift where it names none."""
        named, now = listed(rule.target), running(self.case)
        pools = [[shift] for code in named for shift in now if shift.code == code]
        if any(map(self.pool_gives, pools)) if named else self.everybody_gives():
            self.said.rule_id = rule.id
            return True
        return self.strictly(rule)

    def shared_list(self, named: list[str]) -> bool:
        """Say whether it waits on a list, or is given to one of those who share it."""
        codes = {shift.code for shift in self.case.config.shifts}
        shifts = [shift for shift in running(self.case) if shift.code in named]
        those, _ = on_shifts(self.case, shifts)
        if shifts:
            self.reached(Reason.NO_ROSTER)
        here = {one.id for one in those}
        on_list = self.fit(those)
        them = [
            Asked(id_, named_shift(self.case, id_))
            for id_ in named
            if id_ not in codes and id_ not in here
        ]
        on_list += self.fit(them, is_named=True, must_be_there=True)
        if self.widen:  # what is overdue waits for nobody to take it
            found = {shift.code: shift for shift in shifts}
            ways = [found[name].strategy for name in named if name in found]
            way = self.case.strategy or next(iter(ways), Strategy.LOAD_BALANCED)
            return self.those_give(sorted(on_list, key=lambda one: one.id), way)
        if not on_list:
            return False
        self.said.pools.append((as_pool(on_list), as_pool(on_list)))
        self.said.reason = Reason.WORKLIST
        return True

    # The pools

    def default_decides(self) -> bool:
        if self.own_pools_give(None):
            return True
        if not self.widen or self.case.escalated:
            return False
        self.case.escalated = True
        return self.everybody_gives()

    def own_pools_give(self, ending: RuleFacts | None) -> bool:
        """Ask the pools of step 1, everybody once escalated, then where the work flows over."""
        case = self.case
        fitting = [
            shift for shift in running(case) if fits(case, shift) and shift.priority_level >= 0
        ]
        pools = [] if case.escalated else by_level(fitting)
        if any(map(self.pool_gives, pools)) or (case.escalated and self.everybody_gives()):
            self.said.rule_id = ending.id if ending else None
            return True
        return any(map(self.flows_over, [*case.overflows, *([ending] if ending else [])]))

    def pool_gives(self, shifts: list[ShiftFacts]) -> bool:
        case = self.case
        chief = min(shifts, key=lambda one: precision(case, one))
        those, _ = on_shifts(case, shifts)
        self.reached(Reason.NO_ROSTER)
        return self.those_give(self.fit(those), case.strategy or chief.strategy)

    def everybody_gives(self) -> bool:
        """Ask everybody on any shift, of the site's cluster first, then everywhere."""
        case = self.case
        sites = {one.code for one in case.config.sites if one.cluster == case.site.cluster}
        near = sites if case.site.cluster else {case.site.code}
        now = running(case)
        cluster = [shift for shift in now if shift.sites is None or shift.sites & near]
        for shifts in (cluster, now):
            if shifts:
                self.reached(Reason.NO_ROSTER)
                those, _ = on_shifts(case, shifts)
                if self.those_give(self.fit(those), Strategy.ESCALATED):
                    return True
        return False

    def fit(
        self, those: list[Asked], *, is_named: bool = False, must_be_there: bool = False
    ) -> list[Asked]:
        found = []
        for one in those:
            is_gone = must_be_there and not is_there(self.case, one.id)
            why = Reason.NO_ROSTER if is_gone else refusal(self.case, one, is_named=is_named)
            if why is None:
                found.append(one)
            else:
                self.reached(why)
        return found

    def those_give(self, fit: list[Asked], strategy: Strategy) -> bool:
        case, said = self.case, self.said
        able = in_time(case, fit)
        if not fit:
            return False
        said.pools.append((as_pool(fit), as_pool(able)))
        one = choose(case, strategy, fit, able or fit)
        said.escalated = not able
        said.outcome, said.strategy = Outcome.ASSIGNED, strategy
        said.radiologist, said.shift = one.id, one.shift.code if one.shift else None
        return True

    def reached(self, reason: Reason) -> None:
        self.furthest = max(self.furthest, reason, key=FURTHEST.index)


def as_pool(those: list[Asked]) -> Pool:
    return frozenset((one.id, one.shift.code if one.shift else None) for one in those)


def by_level(shifts: list[ShiftFacts]) -> list[list[ShiftFacts]]:
    levels = sorted({shift.priority_level for shift in shifts}, reverse=True)
    return [[one for one in shifts if one.priority_level == level] for level in levels]


def listed(target: str) -> list[str]:
    """Return the words of a target: one alone, or a JSON list."""
    text = target.strip()
    words = json.loads(text) if text.startswith("[") else [text]
    return [word.strip() for word in words if word.strip()]


def is_usable(rule: RuleFacts) -> bool:
    """Say whether the target names what the action needs."""
    text = rule.target.strip()
    match rule.action:
        case ActionType.ESCALATE | ActionType.HOLD:
            return True
        case ActionType.SET_PRIORITY:
            return text in set(Urgency)
        case ActionType.USE_STRATEGY:
            return text in set(CONFIGURED)
        case ActionType.ASSIGN_TO_SHIFT | ActionType.ASSIGN_TO_RADIOLOGIST:
            return text != ""
    try:
        named = json.loads(text) if text.startswith("[") else [text] * bool(text)
    except ValueError:
        return False
    are_words = all(isinstance(word, str) and word.strip() for word in named)
    return are_words and (bool(named) or rule.action is ActionType.OVERFLOW)
