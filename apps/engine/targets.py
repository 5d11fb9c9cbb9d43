"""What a rule's action names: a code, an id, a reason, or a JSON list of several, by action.

Read once, when a rule is compiled and when it is saved. Source: spec 2, rule actions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from apps.engine.codes import CONFIGURED, ActionType, Strategy, Urgency


class Names(StrEnum):
    """What the words of a target stand for."""

    NOTHING = "nothing"
    SHIFT = "shift"
    READER = "reader"
    READERS = "readers"
    READERS_OR_SHIFTS = "readers_or_shifts"
    SHIFTS = "shifts"
    CREDENTIALS = "credentials"
    URGENCY = "urgency"
    STRATEGY = "strategy"
    REASON = "reason"


NAMES: Mapping[ActionType, Names] = {
    ActionType.ASSIGN_TO_SHIFT: Names.SHIFT,
    ActionType.ASSIGN_TO_RADIOLOGIST: Names.READER,
    ActionType.ASSIGN_TO_WORKLIST: Names.READERS_OR_SHIFTS,
    ActionType.OVERFLOW: Names.SHIFTS,
    ActionType.ESCALATE: Names.NOTHING,
    ActionType.HOLD: Names.REASON,
    ActionType.EXCLUDE: Names.READERS,
    ActionType.SET_PRIORITY: Names.URGENCY,
    ActionType.PREFER: Names.READERS,
    ActionType.REQUIRE_CREDENTIAL: Names.CREDENTIALS,
    ActionType.USE_STRATEGY: Names.STRATEGY,
}
"""What each action names."""

LISTS = frozenset({Names.READERS, Names.READERS_OR_SHIFTS, Names.SHIFTS, Names.CREDENTIALS})
"""What a JSON list may hold; one of them alone needs no list."""

MAY_BE_EMPTY = frozenset({ActionType.ESCALATE, ActionType.OVERFLOW, ActionType.HOLD})
"""Actions that may name nothing: an OVERFLOW without shifts flows over to every shift."""


@dataclass(frozen=True, slots=True)
class Target:
    """A target as it is read: ``named`` in the order written, the others where they apply."""

    named: tuple[str, ...] = ()
    urgency: Urgency | None = None
    strategy: Strategy | None = None


def read_target(action: ActionType, text: str) -> Target:
    """Return what an action's target says.

    Raises:
        ValueError: it cannot be read, or names nothing where it must.
    """
    text, names = text.strip(), NAMES[action]
    if names is Names.URGENCY:
        return Target(urgency=_urgency(text))
    if names is Names.STRATEGY:
        return Target(strategy=_strategy(text))
    named = _listed(text) if names in LISTS else (text,) if text else ()
    if not named and action not in MAY_BE_EMPTY:
        raise ValueError(f"{action.value} needs {_WANTED[names]}")
    return Target(named=named)


_WANTED: Mapping[Names, str] = {
    Names.SHIFT: "a shift's code",
    Names.READER: "a radiologist's id",
    Names.READERS: "a radiologist's id or a JSON list of ids",
    Names.READERS_OR_SHIFTS: "shifts' codes or radiologists' ids, one or a JSON list",
    Names.CREDENTIALS: "a credential or a JSON list of them",
}


def _urgency(text: str) -> Urgency:
    if text not in set(Urgency):
        raise ValueError("the urgency is STAT, URGENT or ROUTINE")
    return Urgency(text)


def _strategy(text: str) -> Strategy:
    if text not in set(CONFIGURED):
        raise ValueError(f"the strategy is one of {', '.join(CONFIGURED)}")
    return Strategy(text)


def _listed(text: str) -> tuple[str, ...]:
    if not text.startswith("["):
        return (text,) if text else ()
    try:
        items = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"the list is no JSON: {error.msg}, column {error.colno}") from error
    if not all(isinstance(item, str) and item.strip() for item in items):
        raise ValueError("the list holds texts in double quotes, none of them empty")
    return tuple(dict.fromkeys(item.strip() for item in items))
