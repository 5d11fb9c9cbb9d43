"""Says a rule in words: its conditions, what it does to whom, and when it holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from apps.engine.conditions import in_words
from apps.rules import checks
from apps.rules.choices import ActionChoices

UNREADABLE = "cannot be read"


def conditions_words(conditions: object) -> str:
    """Return conditions as a sentence; what was stored past every check says so."""
    if not isinstance(conditions, Mapping):
        return UNREADABLE
    try:
        return in_words(conditions)
    except (AttributeError, TypeError, ValueError):
        return UNREADABLE


def is_always(conditions: object) -> bool:
    """Return whether the conditions hold for every order, as ``{}`` does."""
    return conditions_words(conditions) == in_words({})


def action_label(action_type: str) -> str:
    """Return what the action is called."""
    return dict(ActionChoices.choices).get(action_type, action_type)


def targets_of(action_type: str, target: str) -> list[str]:
    """Return whom or what the action names: codes, ids or the one reason or urgency."""
    if action_type != ActionChoices.EXCLUDE:
        return [target] if target else []
    try:
        return checks.target_list(target)
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
