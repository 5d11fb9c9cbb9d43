"""The rules in the order in which they are tried. They hold for every site."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from apps.audit.queries.history import Subject
from apps.catalog.choices import UrgencyChoices
from apps.core.paging import PER_PAGE
from apps.engine.codes import ActionType
from apps.engine.targets import NAMES, Names
from apps.roster.choices import StrategyChoices
from apps.roster.models import Radiologist, Shift
from apps.rules import insight
from apps.rules.choices import ActionChoices
from apps.rules.models import AssignmentRule
from apps.rules.ordering import Place
from apps.rules.words import action_label, conditions_words, targets_of, window_words

DECIDED_DAYS = 7
_SHIFTS = frozenset({Names.SHIFT, Names.SHIFTS, Names.READERS_OR_SHIFTS})
_PEOPLE = frozenset({Names.READER, Names.READERS, Names.READERS_OR_SHIFTS})
_WORDS: Mapping[str, str] = dict([*UrgencyChoices.choices, *StrategyChoices.choices])


@dataclass(frozen=True, slots=True)
class RuleFilter:
    """What a list is narrowed by; empty values narrow nothing."""

    words: str = ""
    action: str = ""
    enabled: bool | None = None

    def __bool__(self) -> bool:
        """Return whether it narrows anything."""
        return bool(self.words or self.action) or self.enabled is not None


@dataclass(frozen=True, slots=True)
class Target:
    """What a rule's action names: a code and what it stands for; unknown ones have no name."""

    code: str
    name: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as it is read by people.

    ``window`` is empty for a rule that is always active; ``idle`` says why it does nothing at
    the moment (not yet, no longer), empty otherwise. ``decided`` counts the assignments that it
    decided in the last seven days, None for one that decides nothing by itself.
    """

    rule: AssignmentRule
    conditions: str
    action: str
    targets: tuple[Target, ...]
    window: str
    idle: str
    decided: int | None

    @property
    def key(self) -> str:
        """Return the rule's number as the page's own names use it."""
        return str(self.rule.pk)


def rules(wanted: RuleFilter) -> QuerySet[AssignmentRule]:
    """Return the rules in the order in which they are tried."""
    rows = AssignmentRule.objects.order_by("priority_order", "pk")
    if wanted.words:
        text = Cast("condition_filters", TextField())
        rows = rows.alias(conditions=text).filter(
            Q(name__icontains=wanted.words)
            | Q(action_target__icontains=wanted.words)
            | Q(conditions__icontains=wanted.words)
        )
    if wanted.action:
        rows = rows.filter(action_type=wanted.action)
    if wanted.enabled is not None:
        rows = rows.filter(enabled=wanted.enabled)
    return rows


def described(found: Sequence[AssignmentRule], *, at: datetime) -> list[RuleRow]:
    """Return the rules in words, with what each decided."""
    known = _known(found)
    decided = insight.known().decided_since(at - timedelta(days=DECIDED_DAYS)) if found else {}
    return [_described(rule, known, decided, at) for rule in found]


def places() -> list[Place]:
    """Return where every rule stands, in order."""
    found = AssignmentRule.objects.values_list("priority_order", "pk")
    return sorted(Place(priority, pk) for priority, pk in found)


def order_token(order: Iterable[Place]) -> str:
    """Return what a page sends back, to find out whether the order changed meanwhile."""
    return hashlib.sha256(json.dumps(list(order)).encode()).hexdigest()[:16]


def page_with(rule_id: int, order: Sequence[Place]) -> int:
    """Return the page of the list on which a rule stands; the first for one that is gone."""
    ids = [place.id for place in order]
    return ids.index(rule_id) // PER_PAGE + 1 if rule_id in ids else 1


def subject_of(rule_id: int) -> Subject:
    """Return whose edits a form must notice."""
    return Subject("rules_assignmentrule", str(rule_id))


def _described(
    rule: AssignmentRule,
    known: Mapping[Names, Mapping[str, str]],
    decided: Mapping[int, int],
    at: datetime,
) -> RuleRow:
    return RuleRow(
        rule=rule,
        conditions=conditions_words(rule.condition_filters),
        action=action_label(rule.action_type),
        targets=tuple(_target(rule, code, known) for code in _targets_of(rule)),
        window=window_words(rule.active_from, rule.active_until),
        idle=idle_words(rule, at),
        decided=_decided(rule, decided),
    )


def _decided(rule: AssignmentRule, decided: Mapping[int, int]) -> int | None:
    if rule.action_type == ActionChoices.ASSIGN_TO_WORKLIST:
        return decided.get(rule.pk)  # who takes a study from a list decides, not the rule
    return decided.get(rule.pk, 0) if rule.action_type.startswith("ASSIGN") else None


def idle_words(rule: AssignmentRule, at: datetime) -> str:
    """Return why the rule's window keeps it still at a moment, empty when it does not."""
    if rule.active_from is not None and at < rule.active_from:
        return "Not yet active"
    if rule.active_until is not None and at >= rule.active_until:
        return "No longer active"
    return ""


def _targets_of(rule: AssignmentRule) -> list[str]:
    return targets_of(rule.action_type, rule.action_target.strip())


def _names_of(rule: AssignmentRule) -> Names:
    """Return what the rule's action names; nothing for an action that is not known."""
    action = rule.action_type
    return NAMES[ActionType(action)] if action in set(ActionType) else Names.NOTHING


def _target(rule: AssignmentRule, code: str, known: Mapping[Names, Mapping[str, str]]) -> Target:
    if _names_of(rule) not in known:
        return Target(code="", name=_WORDS.get(code, code), is_known=True)
    name = known[_names_of(rule)].get(code, "")
    return Target(code=code, name=name, is_known=bool(name))


def _known(found: Iterable[AssignmentRule]) -> Mapping[Names, Mapping[str, str]]:
    """Return what the codes and ids that the rules name are called, by what actions name."""
    wanted = [(_names_of(rule), code) for rule in found for code in _targets_of(rule)]
    codes = {code for names, code in wanted if names in _SHIFTS}
    ids = {code for names, code in wanted if names in _PEOPLE}
    shifts = dict(Shift.objects.filter(code__in=codes).values_list("code", "name"))
    people = {row.pk: row.full_name for row in Radiologist.objects.filter(pk__in=ids)}
    return {
        **dict.fromkeys(_SHIFTS, shifts),
        **dict.fromkeys(_PEOPLE, people),
        Names.READERS_OR_SHIFTS: people | shifts,
    }
