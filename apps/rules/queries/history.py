"""What became of a rule, read from its immutable versions, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.audit.queries.wording import actor_in_words
from apps.rules.models import RuleVersion
from apps.rules.words import action_label, conditions_words, moment_words, targets_of

SHOWN = 50
_NO_CONTENT: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing before and after, in words; empty where there was or is nothing."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One version, and what made it differ from the one before; ``what`` is added and so on."""

    version: int
    at: datetime
    actor: str
    what: str
    differences: tuple[Difference, ...]


def edits(rule_id: int) -> list[Edit]:
    """Return the rule's latest versions, newest first."""
    rows = list(RuleVersion.objects.filter(rule_id=rule_id).order_by("-version")[: SHOWN + 1])
    older = [*rows[1:], None]
    return [_edit(row, before) for row, before in zip(rows, older, strict=True)][:SHOWN]


def told(content: Mapping[str, Any]) -> dict[str, str]:
    """Return a stored rule in words, by label; what is empty is said by an empty text."""
    action, target = str(content.get("action_type", "")), str(content.get("action_target") or "")
    return {
        "Name": str(content.get("name", "")),
        "Priority": str(content.get("priority_order", "")),
        "Conditions": conditions_words(content.get("condition_filters")),
        "Action": action_label(action),
        "Target": ", ".join(targets_of(action, target.strip())),
        "Ends the run": _yes_or_no(content.get("is_terminal")),
        "Strict": _yes_or_no(content.get("is_strict")),
        "Enabled": _yes_or_no(content.get("enabled")),
        "Active from": _moment(content.get("active_from")),
        "Active until": _moment(content.get("active_until")),
    }


def _edit(row: RuleVersion, before: RuleVersion | None) -> Edit:
    return Edit(
        version=row.version,
        at=row.at,
        actor=actor_in_words(row.actor),
        what=_what(row, before),
        differences=_differences(row, before) if before and not row.is_deleted else (),
    )


def _what(row: RuleVersion, before: RuleVersion | None) -> str:
    if row.is_deleted:
        return "deleted"
    if before is None:
        return "added" if row.version == 1 else "changed"
    return "brought back" if before.is_deleted else "changed"


def _differences(row: RuleVersion, before: RuleVersion) -> tuple[Difference, ...]:
    old, new = told(before.content), told(row.content)
    return tuple(
        Difference(label, old[label], new[label]) for label in new if old[label] != new[label]
    )


def _yes_or_no(value: object) -> str:
    return "yes" if value else "no"


def _moment(value: object) -> str:
    return moment_words(datetime.fromisoformat(value)) if isinstance(value, str) else ""
