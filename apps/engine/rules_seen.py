"""Step 3 seen from outside: each rule that was looked at, and the condition at which it failed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from apps.engine.compiled import CompiledConfig
from apps.engine.conditions.evaluate import compile_conditions, read_leaf
from apps.engine.conditions.fields import FieldValue
from apps.engine.conditions.subject import Subject
from apps.engine.conditions.words import in_words
from apps.engine.facts import OrderFacts, RuleFacts
from apps.engine.result import Decision
from apps.engine.rules import CompiledRule

Conditions = Mapping[str, object]
Regions = Mapping[str, frozenset[str]]


class Verdict(StrEnum):
    """What came of looking at a rule."""

    HOLDS = "holds"
    DECIDES = "decides"
    FAILS = "fails"
    OUT_OF_TIME = "out_of_time"
    BROKEN = "broken"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Failing:
    """The condition that does not hold, in words, and what the order has there.

    ``fields`` are the names of the fields that it looks at; ``value`` is empty where it looks at
    several.
    """

    words: str
    fields: tuple[str, ...]
    value: str = ""


@dataclass(frozen=True, slots=True)
class RuleSeen:
    """One rule, in the order in which they run."""

    rule: RuleFacts
    verdict: Verdict
    failing: Failing | None = None
    problem: str = ""


def rules_seen(
    order: OrderFacts, at: datetime, compiled: CompiledConfig, decision: Decision
) -> list[RuleSeen]:
    """Return every enabled rule with what came of it.

    Args:
        order: the order's facts.
        at: the decision's moment.
        compiled: the configuration that it was made from.
        decision: what was decided, which says which rules held.
    """
    site = compiled.sites.get(order.site)
    if site is None:
        return [RuleSeen(rule.facts, Verdict.NOT_ASKED) for rule in compiled.rules.rules]
    subject = Subject(order, at, site, compiled.config.holidays)
    matched = {rule_id for rule_id, _ in decision.matched_rules}
    seen, is_over = [], False
    for rule in compiled.rules.rules:
        one = RuleSeen(rule.facts, Verdict.NOT_ASKED)
        if not is_over:
            one = _seen(rule, subject, matched, decision, compiled.regions)
            # What a terminal rule decided ends the run; a later one was never looked at.
            is_over = one.verdict is Verdict.DECIDES and rule.is_terminal
        if rule.facts.id in matched and rule.target.urgency:
            subject.urgency = rule.target.urgency
        seen.append(one)
    return seen


def _seen(
    rule: CompiledRule,
    subject: Subject,
    matched: Collection[int],
    decision: Decision,
    regions: Regions,
) -> RuleSeen:
    facts = rule.facts
    if facts.id in matched:
        decides = facts.id == decision.rule_id
        return RuleSeen(facts, Verdict.DECIDES if decides else Verdict.HOLDS)
    if rule.problem:
        return RuleSeen(facts, Verdict.BROKEN, problem=rule.problem)
    if not rule.is_active(subject.at):
        return RuleSeen(facts, Verdict.OUT_OF_TIME)
    return _failed(facts, subject, regions)


def _failed(facts: RuleFacts, subject: Subject, regions: Regions) -> RuleSeen:
    try:
        found = failing(facts.conditions, subject, regions)
    except Exception as error:  # noqa: BLE001 -- as the decision: one bad rule stops nothing
        return RuleSeen(facts, Verdict.BROKEN, problem=type(error).__name__)
    return RuleSeen(facts, Verdict.FAILS, failing=found)


def failing(conditions: Conditions, subject: Subject, regions: Regions) -> Failing | None:
    """Return the first condition that keeps the whole from holding, None where it holds."""
    if "field" in conditions:
        return None if _holds(conditions, subject, regions) else _leaf(conditions, subject)
    for name in ("all", "any", "none"):
        members = conditions.get(name)
        if not isinstance(members, list):
            continue
        found = _GROUPS[name](members, subject, regions)
        if found is not None:
            return found
    return None


def _all(members: list[Conditions], subject: Subject, regions: Regions) -> Failing | None:
    found = (failing(member, subject, regions) for member in members)
    return next((one for one in found if one is not None), None)


def _any(members: list[Conditions], subject: Subject, regions: Regions) -> Failing | None:
    if any(_holds(member, subject, regions) for member in members):
        return None
    if len(members) == 1:
        return failing(members[0], subject, regions)
    return Failing(in_words({"any": members}), _fields_of({"any": members}))


def _none(members: list[Conditions], subject: Subject, regions: Regions) -> Failing | None:
    for member in members:
        if _holds(member, subject, regions):
            said = {"none": [member]}
            return Failing(in_words(said), _fields_of(said), _value_of(member, subject))
    return None


_GROUPS = {"all": _all, "any": _any, "none": _none}


def _holds(conditions: Conditions, subject: Subject, regions: Regions) -> bool:
    return compile_conditions(conditions, regions)(subject)


def _leaf(leaf: Conditions, subject: Subject) -> Failing:
    return Failing(in_words(leaf), _fields_of(leaf), _value_of(leaf, subject))


def _value_of(node: Conditions, subject: Subject) -> str:
    """Return what the order has where a leaf looks; nothing for a group."""
    if "field" not in node:
        return ""
    field, _op, _value = read_leaf(node)
    return _said(field.get(subject))


def _said(value: FieldValue) -> str:
    if value in (None, ""):
        return "unknown"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _fields_of(node: Conditions) -> tuple[str, ...]:
    if "field" in node:
        return (str(node["field"]),)
    names: dict[str, None] = {}
    for members in node.values():
        for member in members if isinstance(members, list) else ():
            names.update(dict.fromkeys(_fields_of(member)))
    return tuple(names)
