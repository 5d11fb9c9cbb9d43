"""Which rules name a shift or a person, for the pages on which these are changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from apps.rules.choices import ActionChoices
from apps.rules.models import AssignmentRule

_TO_SHIFTS = frozenset({ActionChoices.ASSIGN_TO_SHIFT})
_TO_PEOPLE = frozenset({ActionChoices.ASSIGN_TO_RADIOLOGIST, ActionChoices.EXCLUDE})


def rules_naming_shift(code: str) -> Sequence[str]:
    """Return the names of the enabled rules that give studies to the shift, first to last."""
    return _naming(code, _TO_SHIFTS)


def rules_naming_person(radiologist_id: str) -> Sequence[str]:
    """Return the names of the enabled rules that name the radiologist, first to last."""
    return _naming(radiologist_id, _TO_PEOPLE)


def _naming(target: str, actions: Collection[str]) -> list[str]:
    # The database narrows roughly, since a code may be a part of another one.
    rules = AssignmentRule.objects.filter(
        enabled=True, action_type__in=actions, action_target__contains=target
    )
    rows = rules.values_list("name", "action_target")
    return [name for name, said in rows if target in _targets(said)]


def _targets(said: str) -> Sequence[str]:
    """Return whom a target names: one code or id, or a JSON list of them."""
    if not said.lstrip().startswith("["):
        return [said.strip()]
    try:
        return [str(one) for one in json.loads(said)]
    except ValueError:
        return []
