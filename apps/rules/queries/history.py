"""What became of a rule, read from its immutable versions, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import cached_property

from apps.audit.queries.wording import actor_in_words
from apps.catalog.choices import UrgencyChoices
from apps.engine.codes import ActionType
from apps.engine.targets import NAMES, Names
from apps.roster.choices import StrategyChoices
from apps.roster.models import Radiologist, Shift
from apps.rules.models import RuleVersion
from apps.rules.words import action_label, conditions_words, moment_words, targets_of

SHOWN = 50
_SHIFTS = frozenset({Names.SHIFT, Names.SHIFTS, Names.READERS_OR_SHIFTS})
_PEOPLE = frozenset({Names.READER, Names.READERS, Names.READERS_OR_SHIFTS})
_WORDS: Mapping[str, str] = dict([*UrgencyChoices.choices, *StrategyChoices.choices])
_NO_CONTENT: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing before and after, in words; empty where there was or is nothing."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One version, and what made it differ from the one before; ``what`` is added and so on.

    ``reason`` is why, where somebody said so.
    """

    version: int
    at: datetime
    actor: str
    what: str
    differences: tuple[Difference, ...]
    reason: str = ""


def edits(rule_id: int) -> list[Edit]:
    """Return the rule's latest versions, newest first."""
    rows = list(RuleVersion.objects.filter(rule_id=rule_id).order_by("-version")[: SHOWN + 1])
    older = [*rows[1:], None]
    names = TargetNames()
    return [_edit(row, before, names) for row, before in zip(rows, older, strict=True)][:SHOWN]


class TargetNames:
    """What the codes and ids that rules name are called; read once, when first asked."""

    def of(self, action: str, code: str) -> str:
        """Return a target's name before its code; the code alone when nobody knows it."""
        if action not in set(ActionType):
            return code
        names = NAMES[ActionType(action)]
        if names not in _SHIFTS | _PEOPLE:
            return _WORDS.get(code, code)
        shift = self._shifts.get(code) if names in _SHIFTS else None
        name = shift or (self._people.get(code) if names in _PEOPLE else None)
        return f"{name} ({code})" if name else code

    @cached_property
    def _shifts(self) -> Mapping[str, str]:
        return dict(Shift.objects.values_list("code", "name"))

    @cached_property
    def _people(self) -> Mapping[str, str]:
        rows = Radiologist.objects.only("id", "title", "given_name", "family_name")
        return {row.pk: row.full_name for row in rows}


def told(content: Mapping[str, Any], names: TargetNames) -> dict[str, str]:
    """Return a stored rule in words, by label; what is empty is said by an empty text."""
    action, target = str(content.get("action_type", "")), str(content.get("action_target") or "")
    return {
        "Name": str(content.get("name", "")),
        "Priority": str(content.get("priority_order", "")),
        "Conditions": conditions_words(content.get("condition_filters")),
        "Action": action_label(action),
        "Target": ", ".join(names.of(action, one) for one in targets_of(action, target.strip())),
        "Ends the run": _yes_or_no(content.get("is_terminal")),
        "Strict": _yes_or_no(content.get("is_strict")),
        "Enabled": _yes_or_no(content.get("enabled")),
        "Active from": _moment(content.get("active_from")),
        "Active until": _moment(content.get("active_until")),
    }


def _edit(row: RuleVersion, before: RuleVersion | None, names: TargetNames) -> Edit:
    return Edit(
        version=row.version,
        at=row.at,
        actor=actor_in_words(row.actor),
        what=_what(row, before),
        differences=differences(before.content, row.content, names)
        if before and not row.is_deleted
        else (),
        reason=row.reason,
    )


def _what(row: RuleVersion, before: RuleVersion | None) -> str:
    if row.is_deleted:
        return "deleted"
    if before is None:
        return "added" if row.version == 1 else "changed"
    return "brought back" if before.is_deleted else "changed"


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], names: TargetNames
) -> tuple[Difference, ...]:
    """Return what differs between two states of a rule, in words, in the form's order."""
    old, new = told(before, names), told(after, names)
    return tuple(
        Difference(label, old[label], new[label]) for label in new if old[label] != new[label]
    )


def _yes_or_no(value: object) -> str:
    return "yes" if value else "no"


def _moment(value: object) -> str:
    return moment_words(datetime.fromisoformat(value)) if isinstance(value, str) else ""
