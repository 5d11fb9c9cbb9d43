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

from apps.engine.by_hand import shifts_for
from apps.engine.codes import Reason
from apps.engine.facts import OrderFacts, Workload
from apps.engine.fitness import fitness
from apps.engine.result import Snapshot
from apps.engine.rota import ShiftFacts
from apps.engine.selection import presence_refusal
from apps.engine.shared import excluded_by_rules, list_of
from apps.engine.words import refusal_words

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

    def place_for(self, waiting: Waiting) -> Place | None:
        """Return how the study concerns them, None where it does not.

        What waits on a shared list concerns those who share it and nobody else, whatever work
        their shifts do.
        """
        if waiting.reason != Reason.WORKLIST:
            shift = self.shift_for(waiting.order)
            return Place(shift) if shift is not None else None
        shared = list_of(waiting.trace)
        coverage = self.snapshot.compiled.coverage_at(self.at)
        if shared is None or not shared.has(self.radiologist_id, coverage):
            return None
        return Place(shared.shift_of(self.radiologist_id, coverage))


@dataclass(frozen=True, slots=True)
class Place:
    """Through which shift a study concerns a reader; None for who shares its list by name."""

    shift: ShiftFacts | None


def why_not_take(waiting: Waiting, place: Place, taker: Taker) -> str:
    """Return why the reader may not take it now, empty when they may."""
    order, id_ = waiting.order, taker.radiologist_id
    load = taker.snapshot.loads.get(id_) or Workload(id_)
    away = presence_refusal(load, taker.at)
    if away is not None:
        return f"You are {refusal_words(away.code, away.params)}."
    if id_ in order.passed_over:
        return "You had it, and it never goes back by itself."
    if waiting.reason == Reason.RULE_STRICT or id_ in excluded_by_rules(waiting.trace):
        return _RULES
    shift = place.shift.code if place.shift else None
    refusal = fitness(order, taker.at, taker.snapshot, id_, shift=shift)
    return f"You: {refusal_words(refusal.code, refusal.params)}." if refusal else ""
