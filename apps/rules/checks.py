"""What is wrong with a rule, told when it is saved and never at run time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Protocol

from apps.engine.codes import ActionType, Urgency
from apps.engine.conditions import check
from apps.roster.models import Radiologist, Shift


class RuleLike(Protocol):
    """The parts of a rule that are checked."""

    condition_filters: Mapping[str, object]
    action_type: str
    action_target: str


def rule_problems(rule: RuleLike) -> dict[str, list[str]]:
    """Return messages by field name; empty when the rule can be carried out."""
    problems: dict[str, list[str]] = {}
    conditions = [
        f"{problem.path}: {problem.message}" for problem in check(rule.condition_filters)
    ]
    if conditions:
        problems["condition_filters"] = conditions
    target = _target_problem(rule.action_type, rule.action_target.strip())
    if target:
        problems["action_target"] = [target]
    return problems


def _target_problem(action: str, target: str) -> str | None:
    checker = _TARGET_CHECKS.get(action)
    return checker(target) if checker else None


def _shift_problem(target: str) -> str | None:
    if Shift.objects.filter(code=target).exists():
        return None
    return f"There is no shift with the code “{target}”."


def _radiologist_problem(target: str) -> str | None:
    if Radiologist.objects.filter(pk=target).exists():
        return None
    return f"There is no radiologist with the id “{target}”."


def _exclude_problem(target: str) -> str | None:
    try:
        names = target_list(target)
    except ValueError as error:
        return str(error)
    known = set(Radiologist.objects.filter(pk__in=names).values_list("pk", flat=True))
    unknown = [name for name in names if name not in known]
    return f"There is no radiologist with the id {', '.join(unknown)}." if unknown else None


def _urgency_problem(target: str) -> str | None:
    if target in set(Urgency):
        return None
    return "The urgency is STAT, URGENT or ROUTINE."


def _reason_problem(target: str) -> str | None:
    return None if target else "Say why the order is held."


def target_list(target: str) -> list[str]:
    """Return the ids of a target that is one id or a JSON list of them.

    Raises:
        ValueError: the target is empty or a JSON value that is not a list of texts.
    """
    if not target.startswith("["):
        if not target:
            raise ValueError("Name a radiologist id, or a JSON list of them.")
        return [target]
    value = json.loads(target)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("The list holds radiologist ids in double quotes.")
    return value


_TARGET_CHECKS: dict[str, Callable[[str], str | None]] = {
    ActionType.ASSIGN_TO_SHIFT: _shift_problem,
    ActionType.ASSIGN_TO_RADIOLOGIST: _radiologist_problem,
    ActionType.EXCLUDE: _exclude_problem,
    ActionType.SET_PRIORITY: _urgency_problem,
    ActionType.HOLD: _reason_problem,
}
