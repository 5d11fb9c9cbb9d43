"""The list that an order waits on: who shares it, and whom its rules leave out.

Read from the trace of the decision that put it there, so that the answer is the decision's own
also while a rule is being changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.engine.codes import ActionType
from apps.engine.coverage import Coverage
from apps.engine.rota import ShiftFacts
from apps.engine.targets import read_target

# A trace is JSON; its shape is the trace module's business.
Trace = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SharedList:
    """Who shares it: readers' ids and shifts' codes, as the rule names them."""

    rule_id: int
    rule: str
    names: tuple[str, ...]

    def has(self, radiologist: str, coverage: Coverage) -> bool:
        """Return whether the reader is on it: named, or on one of its shifts now."""
        return radiologist in self.names or self.shift_of(radiologist, coverage) is not None

    def shift_of(self, radiologist: str, coverage: Coverage) -> ShiftFacts | None:
        """Return the shift through which the reader is on it, None for who is named."""
        for name in self.names:
            on_shift = coverage.running.get(name)
            if on_shift is not None and radiologist in on_shift.people:
                return on_shift.shift
        return None


def list_of(trace: Trace) -> SharedList | None:
    """Return the list that a decision left the order on, None where it left it on none."""
    decided_by = trace.get("result", {}).get("rule")
    for rule_id, _, name, action, target in trace.get("rules", ()):
        if rule_id == decided_by and action == ActionType.ASSIGN_TO_WORKLIST:
            return SharedList(rule_id, name, _named(action, target))
    return None


def excluded_by_rules(trace: Trace) -> frozenset[str]:
    """Return the readers whom the rules that held leave out, at work then or not."""
    return frozenset(_all_named(trace, ActionType.EXCLUDE))


def _all_named(trace: Trace, wanted: ActionType) -> Iterator[str]:
    for _, _, _, action, target in trace.get("rules", ()):
        if action == wanted:
            yield from _named(action, target)


def _named(action: str, target: str) -> tuple[str, ...]:
    return read_target(ActionType(action), target).named
