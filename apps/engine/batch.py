"""Orders that were decided together, ready to be decided together again with one thing otherwise.

What one of them came to follows from all of them: whoever asks what a change would have done to
one must give all of them out again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from apps.engine.changes import World
from apps.engine.codec import from_json
from apps.engine.decision import decide
from apps.engine.facts import Workload
from apps.engine.optimal.together import Asked, decide_together, with_one_more
from apps.engine.result import Decision, Snapshot
from apps.engine.trace import order_from

# JSON values of whatever shape.
JSON = Any


@dataclass(frozen=True, slots=True)
class Batch:
    """All orders of a burst, and the loads before any of them was given out."""

    asked: tuple[Asked, ...]
    at: datetime
    loads: Mapping[str, Workload]

    @property
    def size(self) -> int:
        """Return how much there is to decide: so many orders with each so many readers."""
        return len(self.asked) * max(len(self.loads), 1)

    def world(self, order_id: int, world: World) -> World:
        """Return the world in which all of them were decided, with one of them for its own."""
        [mine] = [one for one in self.asked if _is(one, order_id)]
        return replace(world, order=mine.order, at=self.at, loads={**world.loads, **self.loads})

    def decision(self, world: World) -> Decision:
        """Decide all of them in another world and return what the world's own order comes to.

        Where that one waits until later, the others are given out without it.
        """
        snapshot = Snapshot(world.compiled, world.loads)
        own = world.order.order_id
        if world.at == self.at:
            asked = [Asked(world.order, one.widen) if _is(one, own) else one for one in self.asked]
            return decide_together(asked, self.at, snapshot).decisions[own]
        [mine] = [one for one in self.asked if _is(one, own)]
        left = Snapshot(world.compiled, self._after_others(own, world))
        return decide(world.order, world.at, left, widen=mine.widen, with_trace=False)

    def _after_others(self, own: int, world: World) -> dict[str, Workload]:
        """Return the loads of a later moment, with what the others added at this one."""
        loads = dict(world.loads)
        others = [one for one in self.asked if not _is(one, own)]
        before = Snapshot(world.compiled, {**loads, **self.loads})
        decisions = decide_together(others, self.at, before).decisions
        for one in others:
            decision = decisions[one.order.order_id]
            if decision.radiologist is not None:
                load = loads.get(decision.radiologist) or Workload(decision.radiologist)
                given = with_one_more(load, one.order, decision, self.at)
                loads[decision.radiologist] = given
        return loads


def batch_of(basis: Mapping[str, JSON]) -> Batch:
    """Return the burst that a stored basis holds."""
    asked = (
        Asked(order_from(row["order"]), widen=row.get("widen", False)) for row in basis["orders"]
    )
    loads = {id_: from_json(Workload, row) for id_, row in basis["loads"].items()}
    return Batch(tuple(asked), datetime.fromisoformat(basis["at"]), loads)


def _is(one: Asked, order_id: int) -> bool:
    return one.order.order_id == order_id
