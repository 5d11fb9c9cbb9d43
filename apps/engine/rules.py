"""Step 3: the rules, compiled once per version and found by what they ask for.

A rule is a bit in an integer, the first rule the lowest. For each field that rules compare for
equality, a table maps a value to the bits of the rules that accept it; the rules worth
evaluating for an order are the conjunction over those fields. A thousand rules cost a dozen
integer operations plus the few rules that remain. Source: spec 2, step 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from apps.engine.codes import ActionType
from apps.engine.conditions.evaluate import (
    Predicate,
    accepted_values,
    all_hold,
    compile_conditions,
    compile_parts,
    leaves,
    read_leaf,
)
from apps.engine.conditions.fields import Field, Kind, Op
from apps.engine.conditions.subject import Subject
from apps.engine.facts import RuleFacts
from apps.engine.targets import Target, read_target

ASSIGNING = (
    ActionType.ASSIGN_TO_SHIFT,
    ActionType.ASSIGN_TO_RADIOLOGIST,
    ActionType.ASSIGN_TO_WORKLIST,
)
CAN_BE_TERMINAL = frozenset({*ASSIGNING, ActionType.HOLD, ActionType.OVERFLOW})
"""The actions that may end the run of the rules. Source: spec 2, step 3."""
_NO_TARGET = Target()
_TIMED = ("time_of_day", "age_minutes")
"""The fields that change within a day, whatever becomes of the order."""
Regions = Mapping[str, frozenset[str]]


class Equality(NamedTuple):
    """What a field must be for conditions to hold: one of these, casefolded."""

    field: Field
    accepted: frozenset[str]


class Skipped(NamedTuple):
    """A rule that could not be evaluated, and the cause."""

    rule: RuleFacts
    cause: str


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its conditions as a function and its target read.

    ``problem`` says why a rule is broken; such a rule is skipped and named in every trace.
    ``equalities`` are the values that fields must have, ``rest`` what is left to be asked of an
    order whose fields have them.
    """

    facts: RuleFacts
    predicate: Predicate
    is_terminal: bool
    rest: Predicate
    equalities: tuple[Equality, ...] = ()
    target: Target = _NO_TARGET
    problem: str = ""

    def is_active(self, at: datetime) -> bool:
        """Say whether the moment lies in the rule's active window."""
        start, end = self.facts.active_from, self.facts.active_until
        return (start is None or start <= at) and (end is None or at < end)


_NEVER = compile_conditions({"any": []})


def compile_rule(facts: RuleFacts, regions: Regions) -> CompiledRule:
    """Return the rule ready to run; one that cannot be compiled carries its problem."""
    is_terminal = facts.is_terminal and facts.action in CAN_BE_TERMINAL
    try:
        parts = compile_parts(facts.conditions, regions)
        equalities, asked = _read(parts, regions)
        return CompiledRule(
            facts=facts,
            predicate=all_hold([holds for _, holds in parts]),
            is_terminal=is_terminal,
            rest=all_hold(asked),
            equalities=equalities,
            target=read_target(facts.action, facts.target),
        )
    except Exception as error:  # noqa: BLE001 -- one bad rule must not stop every order
        return CompiledRule(facts, _NEVER, is_terminal, _NEVER, problem=str(error)[:200])


def _read(
    parts: Iterable[tuple[Mapping[str, object], Predicate]], regions: Regions
) -> tuple[tuple[Equality, ...], list[Predicate]]:
    """Return the first equality on each field, and what these do not say."""
    first: dict[str, Equality] = {}
    asked = []
    for conditions, holds in parts:
        found = [one for one in _equalities(conditions, regions) if one.field.name not in first]
        for one in found:
            first.setdefault(one.field.name, one)
        if not (found and "field" in conditions and "" not in found[0].accepted):
            asked.append(holds)
    return tuple(first.values()), asked


@dataclass(frozen=True, slots=True)
class _FieldIndex:
    """For one field: the bits of the rules that do not ask for it, and of those per value."""

    field: Field
    free: int
    named: Mapping[str, int]

    def candidates(self, subject: Subject) -> int:
        value = self.field.get(subject)
        if not isinstance(value, str):
            return self.free  # what is unknown equals nothing
        return self.free | self.named.get(value.casefold(), 0)


class RuleBook:
    """The rules in the order in which they run: ``priority_order``, then id.

    A drafted rule's id is negative: it comes after its equals, as it will once it has a number.
    ``like`` is a book that holds some of the same rules, whose compiled form is taken over.
    """

    def __init__(
        self, rules: Iterable[RuleFacts], regions: Regions, like: RuleBook | None = None
    ) -> None:
        ordered = sorted(rules, key=lambda one: (one.priority_order, one.id < 0, abs(one.id)))
        known = _by_facts(like)
        self.rules: tuple[CompiledRule, ...] = tuple(
            known.get(id(rule)) or compile_rule(rule, regions) for rule in ordered
        )
        self._everything = (1 << len(self.rules)) - 1
        self._indexes = _build_indexes(self.rules)
        self.window_edges = _window_edges(ordered)
        self.facts_read = _facts_read(self.rules)

    def matching(
        self, subject: Subject, at: datetime, skipped: list[Skipped]
    ) -> Iterator[CompiledRule]:
        """Yield the rules that hold, in order; the broken ones met go to ``skipped``.

        The caller may change the subject's urgency between two rules; those that follow are
        then found by the new one.
        """
        waiting = self._candidates(subject)
        while waiting:
            lowest = waiting & -waiting
            waiting ^= lowest
            rule = self.rules[lowest.bit_length() - 1]
            if rule.is_active(at) and _holds(rule, subject, skipped):
                urgency = subject.urgency
                yield rule
                if subject.urgency is not urgency:
                    waiting = self._candidates(subject) & -(lowest << 1)

    def may_hold(self, subject: Subject) -> bool:
        """Return whether any rule could hold for an order, at some time, by what fields equal."""
        return bool(self._candidates(subject))

    def within_days(self, regions: Regions) -> RuleBook:
        """Return the rules that may hold at one time of a day and not at another."""
        timed = [rule.facts for rule in self.rules if not rule.problem and _is_timed(rule.facts)]
        return RuleBook(timed, regions, like=self)

    def asking(self, regions: Regions) -> RuleBook | None:
        """Return the rules that ask for credentials and those that say whether they are reached.

        None where no rule asks for any.
        """
        behind = 0
        for number, rule in enumerate(self.rules, 1):
            if _asks(rule):
                behind = number
        if not behind:
            return None
        matter = [rule.facts for rule in self.rules[:behind] if _asks(rule) or _may_end(rule)]
        return RuleBook(matter, regions, like=self)

    def _candidates(self, subject: Subject) -> int:
        bits = self._everything
        for index in self._indexes:
            bits &= index.candidates(subject)
        return bits


def _asks(rule: CompiledRule) -> bool:
    return rule.facts.action is ActionType.REQUIRE_CREDENTIAL and not rule.problem


def _may_end(rule: CompiledRule) -> bool:
    """Return whether a rule may end the run, or change what those behind it see."""
    return rule.is_terminal or rule.facts.action is ActionType.SET_PRIORITY


def _is_timed(rule: RuleFacts) -> bool:
    named = {leaf.get("field") for leaf in leaves(rule.conditions)}
    has_window = rule.active_from is not None or rule.active_until is not None
    return has_window or not named.isdisjoint(_TIMED)


def _by_facts(book: RuleBook | None) -> Mapping[int, CompiledRule]:
    """Return the compiled rules by the identity of their facts, which the book keeps alive."""
    return {id(one.facts): one for one in book.rules} if book is not None else {}


def _holds(rule: CompiledRule, subject: Subject, skipped: list[Skipped]) -> bool:
    """Return whether a rule holds whose fields have the values that it names."""
    if rule.problem:
        skipped.append(Skipped(rule.facts, rule.problem))
        return False
    try:
        return rule.rest(subject)
    except Exception as error:  # noqa: BLE001 -- one bad rule must not stop every order
        skipped.append(Skipped(rule.facts, type(error).__name__))
        return False


def _equalities(conditions: Mapping[str, object], regions: Regions) -> Iterator[Equality]:
    """Yield what must be equal for the conditions to hold."""
    if "field" in conditions:
        field, op, value = read_leaf(conditions)
        if field.kind is Kind.WORD and op in (Op.EQUAL, Op.IN):
            accepted = accepted_values(field, op, value, regions)
            yield Equality(field, frozenset(str(one) for one in accepted))
        return
    members = conditions.get("all")
    for member in members if isinstance(members, list) else ():
        yield from _equalities(member, regions)


def _build_indexes(rules: tuple[CompiledRule, ...]) -> tuple[_FieldIndex, ...]:
    asking: dict[str, int] = {}
    named: dict[str, dict[str, int]] = {}
    fields: dict[str, Field] = {}
    for position, rule in enumerate(rules):
        if rule.problem:
            continue
        for field, values in rule.equalities:
            fields[field.name] = field
            asking[field.name] = asking.get(field.name, 0) | 1 << position
            bits = named.setdefault(field.name, {})
            for value in values:
                bits[value] = bits.get(value, 0) | 1 << position
    everything = (1 << len(rules)) - 1
    return tuple(
        _FieldIndex(fields[name], everything & ~asking[name], named[name])
        for name in sorted(asking)
    )


def _window_edges(rules: Iterable[RuleFacts]) -> tuple[datetime, ...]:
    edges = {edge for rule in rules for edge in (rule.active_from, rule.active_until) if edge}
    return tuple(sorted(edges))


def _facts_read(rules: tuple[CompiledRule, ...]) -> tuple[str, ...]:
    """Return the order's attributes that conditions look at beyond those every trace keeps."""
    return tuple(
        sorted(
            {
                fact
                for rule in rules
                if not rule.problem
                for leaf in leaves(rule.facts.conditions)
                for fact in read_leaf(leaf)[0].facts
            }
        )
    )
