"""Two ways that differ in some rules alone decide alike until one of these rules has a say.

Until then the second way need not work out again what the first one did: it takes the verdict
over, and asks only whether a rule that differs holds for the order. From the first verdict that
differs each goes its own way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from apps.engine.codes import Urgency
from apps.engine.compiled import CompiledConfig
from apps.engine.conditions.subject import Subject
from apps.engine.facts import Config, OrderFacts, Workload
from apps.engine.rehearsal.deciders import Decider, EngineDecider, Verdict
from apps.engine.rules import RuleBook


class _Asked(NamedTuple):
    """What was to be decided."""

    order: OrderFacts
    at: datetime
    widen: bool
    relieve: str


@dataclass(slots=True)
class _Way:
    """What the first way decided and the second did not yet, while both go together."""

    steps: deque[tuple[_Asked, Verdict]] = field(default_factory=deque)
    is_common: bool = True


class _Leading:
    """Decides, and tells the one that follows."""

    def __init__(self, compiled: CompiledConfig, way: _Way) -> None:
        self._own, self._way = EngineDecider(compiled), way

    def decide(
        self,
        order: OrderFacts,
        at: datetime,
        loads: Mapping[str, Workload],
        *,
        widen: bool = False,
        relieve: str = "",
    ) -> Verdict:
        """Decide as the engine does."""
        verdict = self._own.decide(order, at, loads, widen=widen, relieve=relieve)
        if self._way.is_common:
            self._way.steps.append((_Asked(order, at, widen, relieve), verdict))
        return verdict


class _Following:
    """Decides what the other did while nothing says otherwise."""

    def __init__(self, compiled: CompiledConfig, way: _Way, differing: RuleBook) -> None:
        self._own, self._way = EngineDecider(compiled), way
        self._compiled, self._differing = compiled, differing

    def decide(
        self,
        order: OrderFacts,
        at: datetime,
        loads: Mapping[str, Workload],
        *,
        widen: bool = False,
        relieve: str = "",
    ) -> Verdict:
        """Decide as the engine does."""
        led = self._led(_Asked(order, at, widen, relieve))
        if led is not None and not self._has_a_say(order, at):
            return led
        verdict = self._own.decide(order, at, loads, widen=widen, relieve=relieve)
        if verdict != led:
            self._way.is_common = False
            self._way.steps.clear()
        return verdict

    def _led(self, asked: _Asked) -> Verdict | None:
        """Return what the other decided of just the same; None where it did not."""
        if not self._way.steps:
            return None
        of, verdict = self._way.steps.popleft()
        return verdict if of == asked else None

    def _has_a_say(self, order: OrderFacts, at: datetime) -> bool:
        """Return whether a rule that differs holds, whatever urgency others give the order."""
        compiled = self._compiled
        subject = Subject(order, at, compiled.sites.get(order.site), compiled.config.holidays)
        for urgency in Urgency:
            subject.urgency = urgency
            if any(True for _ in self._differing.matching(subject, at, [])):
                return True
        return False


def deciders_of(before: CompiledConfig, after: CompiledConfig) -> tuple[Decider, Decider]:
    """Return who decides in each of two rehearsals that take the same cases in turn."""
    if not _differ_in_rules_alone(before.config, after.config):
        return EngineDecider(before), EngineDecider(after)
    way = _Way()
    differing = _differing(before, after)
    return _Leading(before, way), _Following(after, way, differing)


def _differ_in_rules_alone(before: Config, after: Config) -> bool:
    return replace(after, rules=before.rules, versions=before.versions) == before


def _differing(before: CompiledConfig, after: CompiledConfig) -> RuleBook:
    """Return the rules that are in one of them only, or otherwise in the other."""
    known, wanted = (
        {id(rule.facts): rule.facts for rule in compiled.rules.rules}
        for compiled in (before, after)
    )
    ours = [facts for key, facts in known.items() if key not in wanted]
    theirs = [facts for key, facts in wanted.items() if key not in known]
    both = [facts for facts in ours if facts in theirs]
    rules = [facts for facts in (*ours, *theirs) if facts not in both]
    return RuleBook(rules, after.regions)
