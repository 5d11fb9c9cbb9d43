"""Orders of one batch that OPTIMAL chooses for wait on the desk, and are decided together.

An order is gathered where it would be decided: as long as it waits it has no reader and nothing is
written of it but what its message said. Whatever else is to happen to it settles what waits first,
so that the order of messages keeps its meaning; the batch settles the rest before it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.assignment.desk.case import Case
from apps.assignment.desk.overdue import Overdue
from apps.assignment.desk.shadowing import Asked as AskedOfShadows
from apps.engine.alike import Alike
from apps.engine.codes import Outcome, Strategy
from apps.engine.decision import Decision, Snapshot, begun, ended
from apps.engine.optimal.together import Asked, decide_together


@dataclass(frozen=True, slots=True)
class Gathered:
    """An order that waits to be decided with others."""

    case: Case
    widen: bool


class Gathering(Overdue):
    """Gathers orders, and decides them together."""

    def __init__(self, **opened: Any) -> None:
        """Begin with nothing gathered; see ``Steps``."""
        super().__init__(**opened)
        self._gathered: dict[int, Gathered] = {}
        self._alike, self._alike_since = Alike(), 0

    def gather(self, case: Case, *, widen: bool = False) -> bool:
        """Keep an order for later if OPTIMAL would choose for it; return whether it was kept.

        Of two orders of one patient the second waits for the first to be settled, for its reader
        may be the one to have both.
        """
        if not self.view.compiled.has_optimal:
            return False
        if any(_are_company(case, held.case) for held in self._gathered.values()):
            self.settle()
        facts, snapshot = self.facts_to_decide(case), self._shared_snapshot()
        run = begun(facts, self.at, snapshot, widen=widen, with_trace=False)
        decision = ended(run, facts, snapshot)
        is_kept = decision.outcome is Outcome.ASSIGNED and decision.strategy is Strategy.OPTIMAL
        if is_kept:
            self._gathered[case.order.pk] = Gathered(case, widen)
        return is_kept

    def settle_before(self, case: Case) -> None:
        """Settle what waits when something else is about to happen to one of it."""
        if case.order.pk in self._gathered:
            self.settle()

    def settle(self) -> list[tuple[Case, Decision]]:
        """Decide all that waits together and carry it out; return what it came to."""
        held, self._gathered = self._gathered, {}
        if not held:
            return []
        asked = [Asked(self.facts_to_decide(one.case), one.widen) for one in held.values()]
        together = decide_together(asked, self.at, self._snapshot())
        if together.basis is not None:
            self.pending.bursts[together.digest] = together.basis
        made: list[tuple[Case, Decision]] = []
        for order_id, decision in together.decisions.items():
            one = held[order_id]
            loads = together.loads.get(order_id)
            self.carry_out(one.case, decision, AskedOfShadows(widen=one.widen, loads=loads))
            made.append((one.case, decision))
        return made

    def _snapshot(self) -> Snapshot:
        return Snapshot(compiled=self.view.compiled, loads=self.book.loads)

    def _shared_snapshot(self) -> Snapshot:
        """Return a snapshot whose filters like orders share for as long as no load changes."""
        loads = self.book.loads
        if self._alike_since != loads.changes:
            self._alike, self._alike_since = Alike(), loads.changes
        return Snapshot(self.view.compiled, loads, self._alike)


def _are_company(one: Case, other: Case) -> bool:
    """Return whether two orders are of one patient, or linked."""
    mine, theirs = one.order, other.order
    is_one_patient = mine.patient_id is not None and mine.patient_id == theirs.patient_id
    return is_one_patient or (bool(mine.linked_key) and mine.linked_key == theirs.linked_key)
