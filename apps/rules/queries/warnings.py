"""What is doubtful about rules, in words: never reached, contradicting, naming who may not read.

Nothing is said that is not so. What is found out about the rules in force is kept by the process
until a configuration changes or the hour is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from apps.audit.editing import Effect
from apps.catalog.models import Procedure
from apps.engine.compiled import CompiledConfig
from apps.engine.conditions.logic import can_meet
from apps.engine.doubts import Finding, Placed
from apps.engine.facts import RuleFacts
from apps.engine.reach import RuleSet
from apps.rules import insight
from apps.rules.competence import Asked, Works
from apps.rules.content import facts_of
from apps.rules.doubting import finding_effect, impossible_parts, in_the_way
from apps.rules.models import AssignmentRule
from apps.rules.named import Directory, rule_words

_UNSAVED = -(2**62)
"""The id of a rule that has none yet: it stands behind all of its priority."""


@dataclass
class Analysis:
    """What is known of one set of rules at one version of the configuration and in one hour.

    A rule is looked at when it is asked for, and once.
    """

    compiled: CompiledConfig
    rules: RuleSet
    directory: Directory
    hour: datetime
    _marks: dict[int, tuple[Effect, ...]] = field(default_factory=dict)

    def mark(self, rule_id: int) -> tuple[Effect, ...]:
        """Return the doubts about one rule; none about one that is not among them."""
        if rule_id not in self.rules.by_id:
            return ()
        if rule_id not in self._marks:
            one = self.rules.by_id[rule_id]
            self._marks[rule_id] = tuple(self._said(one, self.rules.findings_of(rule_id)))
        return self._marks[rule_id]

    def marks(self, rule_ids: Iterable[int]) -> Mapping[int, tuple[Effect, ...]]:
        """Return the doubts about some rules, by id; those without doubts are left out."""
        return {rule_id: doubts for rule_id in rule_ids if (doubts := self.mark(rule_id))}

    def of(self, rule_id: int) -> Iterator[Effect]:
        """Yield the doubts about one rule, and which others it keeps from their orders."""
        one = self.rules.by_id[rule_id]
        yield from self._said(one, self.rules.findings_of(rule_id))
        behind = self.rules.stands_before(rule_id)
        if behind:
            yield in_the_way(one, behind)

    def _said(self, one: Placed, doubts: Iterable[Finding]) -> Iterator[Effect]:
        for finding in doubts:
            yield finding_effect(one, finding, self.compiled.regions)
        if not one.compiled.problem:
            yield from impossible_parts(one, self.compiled.regions)
            yield from self.directory.doubts(one)
            yield from self.directory.readers(one, self.rules)


_analysis: Analysis | None = None


def warnings_of(
    rule: AssignmentRule, *, at: datetime, among: Sequence[RuleFacts] | None = None
) -> list[Effect]:
    """Return what is doubtful about a rule as it would be saved.

    Args:
        rule: unsaved or changed; its conditions and target have been checked.
        at: the moment.
        among: the enabled rules beside which it would stand, the rule itself or not; None: those
            in force.
    """
    base = _live(at)
    if base is None:
        return []
    rule_id = _UNSAVED if rule._state.adding and not rule.pk else rule.pk  # noqa: SLF001 -- public
    facts = replace(facts_of(rule, 0), id=rule_id)
    others = [
        one
        for one in (base.compiled.config.rules if among is None else among)
        if one.id != rule_id
    ]
    # A rule that is switched off stands in nobody's way, and nobody in its.
    beside = [facts, *others] if rule.enabled else [facts]
    return list(_beside(base, beside, at).of(rule_id))


def marks(rules: Iterable[AssignmentRule], *, at: datetime) -> Mapping[int, tuple[Effect, ...]]:
    """Return what is doubtful about rules in force, by id; rules without doubts are left out."""
    base = _live(at)
    return base.marks(rule.pk for rule in rules) if base is not None else {}


def analysis_with(rules: Iterable[RuleFacts], *, at: datetime) -> Analysis | None:
    """Return what would be known if these rules were in force; None where nobody decides."""
    base = _live(at)
    return _beside(base, rules, at) if base is not None else None


def consequences(
    after: Analysis | None, changed: Collection[int], *, at: datetime
) -> list[Effect]:
    """Return the doubts that others than the changed rules would newly raise, by rule.

    Args:
        after: what would be known with the changes.
        changed: the ids of the rules that are others than in force, or new or gone.
        at: the moment.
    """
    before = _live(at)
    if before is None or after is None:
        return []
    meanings = [
        known.rules.by_id[rule_id].meaning
        for known in (before, after)
        for rule_id in changed
        if rule_id in known.rules.by_id
    ]
    return [
        Effect(f"{_called(one)}: {effect.words}", effect.tone)
        for one in after.rules.placed
        # What meets no order of theirs cannot be touched by them.
        if one.facts.id not in changed and any(can_meet(one.meaning, met) for met in meanings)
        for effect in after.mark(one.facts.id)
        if effect not in before.mark(one.facts.id)
    ]


def _called(one: Placed) -> str:
    said = rule_words(one.facts.priority_order, one.facts.name)
    return said[0].upper() + said[1:]


def live_facts() -> Sequence[RuleFacts]:
    """Return the enabled rules in force, as the engine reads them."""
    compiled = insight.known().compiled()
    return compiled.config.rules if compiled is not None else ()


def _live(at: datetime) -> Analysis | None:
    global _analysis  # noqa: PLW0603 -- one copy per process is the point of a cache
    compiled = insight.known().compiled()
    if compiled is None:
        return None
    hour = at.replace(minute=0, second=0, microsecond=0)
    # The process's copy of the configuration is another object as soon as anything was edited.
    if _analysis is None or _analysis.compiled is not compiled or _analysis.hour != hour:
        rules = RuleSet(compiled.config.rules, compiled.regions, at)
        _analysis = Analysis(compiled, rules, _directory(compiled, at), hour)
    return _analysis


def _beside(base: Analysis, rules: Iterable[RuleFacts], at: datetime) -> Analysis:
    wanted = RuleSet(rules, base.compiled.regions, at, like=base.rules)
    return Analysis(base.compiled, wanted, base.directory, base.hour)


def _directory(compiled: CompiledConfig, at: datetime) -> Directory:
    columns = (
        *("code", "modality", "body_part", "subspecialty"),
        *("required_credentials", "required_subspecialty"),
    )
    rows = list(Procedure.objects.order_by("code").values_list(*columns))
    works = Works(
        (code, Asked(modality, part, subspecialty, frozenset(credentials), required))
        for code, modality, part, subspecialty, credentials, required in rows
    )
    return Directory(compiled, works, frozenset(row[0].casefold() for row in rows), at)
