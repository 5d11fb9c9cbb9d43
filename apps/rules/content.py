"""A rule as versions and drafts keep it: its columns by name, as JSON, without its id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.engine.codes import ActionType
from apps.engine.facts import RuleFacts
from apps.rules.models import AssignmentRule

Content = Mapping[str, Any]
"""What ``content`` of a ``RuleVersion`` or a ``DraftChange`` holds."""

COLUMNS = (
    *("name", "priority_order", "condition_filters", "action_type", "action_target"),
    *("is_terminal", "is_strict", "enabled", "active_from", "active_until"),
)
_MOMENTS = ("active_from", "active_until")


def content_of(rule: AssignmentRule) -> dict[str, Any]:
    """Return what is kept of a rule."""
    found = {name: getattr(rule, name) for name in COLUMNS}
    found["condition_filters"] = dict(rule.condition_filters)
    return found | {name: _stored(found[name]) for name in _MOMENTS}


def rule_of(content: Content, rule_id: int | None) -> AssignmentRule:
    """Return the rule, unsaved, as it was or would be; a column that came later has its default."""
    values = {name: content[name] for name in COLUMNS if name in content}
    values |= {name: _read(values.get(name)) for name in _MOMENTS}
    return AssignmentRule(pk=rule_id, **values)


def facts_of(rule: AssignmentRule, version: int) -> RuleFacts:
    """Return the rule as the engine reads it."""
    return RuleFacts(
        id=rule.pk,
        version=version,
        name=rule.name,
        priority_order=rule.priority_order,
        conditions=rule.condition_filters,
        action=ActionType(rule.action_type),
        target=rule.action_target.strip(),
        is_terminal=rule.is_terminal,
        is_strict=rule.is_strict,
        active_from=rule.active_from,
        active_until=rule.active_until,
    )


def is_alike(one: Content, other: Content) -> bool:
    """Return whether two contents make the same rule, however their moments are written."""
    return _comparable(one) == _comparable(other)


def _comparable(content: Content) -> dict[str, Any]:
    found = {name: content.get(name) for name in COLUMNS}
    return found | {name: _read(found[name]) for name in _MOMENTS}


def _stored(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _read(stored: object) -> datetime | None:
    return datetime.fromisoformat(stored) if isinstance(stored, str) and stored else None
