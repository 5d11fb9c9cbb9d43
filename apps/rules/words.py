"""Says a rule in words: its conditions, what it does to whom, and when it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from apps.engine.codes import ActionType
from apps.engine.conditions import in_words
from apps.engine.targets import LISTS, NAMES, read_target
from apps.rules.choices import ActionChoices

_MISSING = {"'value' is missing": "no value yet", "'op' is missing": "no comparison yet"}
UNREADABLE = "cannot be read"


def conditions_words(conditions: object) -> str:
    """Return conditions as a sentence; what was stored past every check says so."""
    if not isinstance(conditions, Mapping):
        return UNREADABLE
    try:
        return in_words(conditions)
    except (AttributeError, TypeError, ValueError):
        return UNREADABLE


def problem_place(path: str) -> str:
    """Return which condition a path means, counted as the builder does: ``Condition 2.1``."""
    numbers = re.findall(r"\[(\d+)\]", path.removesuffix("]").rpartition(".value[")[0] or path)
    return f"Condition {'.'.join(str(int(one) + 1) for one in numbers)}" if numbers else ""


def problem_words(message: str) -> str:
    """Return what is wrong with a condition, for somebody who writes no JSON."""
    return _MISSING.get(message, message)


def is_always(conditions: object) -> bool:
    """Return whether the conditions hold for every order, as ``{}`` does."""
    return conditions_words(conditions) == in_words({})


def action_label(action_type: str) -> str:
    """Return what the action is called."""
    return dict(ActionChoices.choices).get(action_type, action_type)


def targets_of(action_type: str, target: str) -> list[str]:
    """Return whom or what the action names: codes, ids or the one reason or urgency."""
    if action_type not in set(ActionType) or NAMES[ActionType(action_type)] not in LISTS:
        return [target] if target else []
    try:
        return list(read_target(ActionType(action_type), target).named)
    except ValueError:
        return [target] if target else []


def window_words(start: datetime | None, end: datetime | None) -> str:
    """Return when a rule is active on the viewer's clock; empty when always."""
    said = [
        f"{word} {moment_words(moment)}"
        for word, moment in (("from", start), ("until", end))
        if moment is not None
    ]
    return " ".join(said)


def moment_words(moment: datetime) -> str:
    """Return a moment on the viewer's clock, to the minute."""
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b %Y %H:%M}"
