"""May a reader take a study that waits? Asked by their list and, under the lock, by the service.

The engine's own shift match and fitness check answer, with no reason that could open what is
closed: who wants to go past a limit asks a manager. Presence counts here, because the study
would be new work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.assignment.choices import ReasonChoices
from apps.engine.by_hand import shifts_for
from apps.engine.codes import Step
from apps.engine.facts import OrderFacts, Workload
from apps.engine.fitness import fitness
from apps.engine.result import Snapshot
from apps.engine.rota import ShiftFacts
from apps.engine.selection import presence_refusal
from apps.engine.words import refusal_words

_IN_OUT_ROW_ID, _IN_OUT_ROW_STEP = 0, 2
_RULES = "A rule keeps it from you; a manager may assign it."


@dataclass(frozen=True, slots=True)
class Waiting:
    """A study in the unassigned queue, as far as it matters to who would take it.

    ``trace`` is that of the decision that found nobody.
    """

    order: OrderFacts
    reason: str
    trace: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taker:
    """The reader who asks, the moment, and the snapshot that answers."""

    radiologist_id: str
    at: datetime
    snapshot: Snapshot

    def shift_for(self, order: OrderFacts) -> ShiftFacts | None:
        """Return the shift of theirs, running now, that does this work; None for none."""
        return shifts_for(order, self.at, self.snapshot.compiled).get(self.radiologist_id)


def why_not_take(waiting: Waiting, shift: ShiftFacts, taker: Taker) -> str:
    """Return why the reader may not take it now, empty when they may."""
    order, id_ = waiting.order, taker.radiologist_id
    load = taker.snapshot.loads.get(id_) or Workload(id_)
    away = presence_refusal(load, taker.at)
    if away is not None:
        return f"You are {refusal_words(away.code, away.params)}."
    if id_ in order.passed_over:
        return "You had it, and it never goes back by itself."
    if waiting.reason == ReasonChoices.RULE_STRICT or _is_excluded(waiting.trace, id_):
        return _RULES
    refusal = fitness(order, taker.at, taker.snapshot, id_, shift=shift.code)
    return f"You: {refusal_words(refusal.code, refusal.params)}." if refusal else ""


def _is_excluded(trace: Mapping[str, Any], radiologist_id: str) -> bool:
    """Return whether a rule put the reader out when the engine decided."""
    return any(
        row[_IN_OUT_ROW_ID] == radiologist_id and row[_IN_OUT_ROW_STEP] == Step.RULE
        for tried in trace.get("tries", ())
        for row in tried["out"]
    )
