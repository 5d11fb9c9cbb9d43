"""The smallest change for one of many orders that were decided together, tried on all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from apps.engine import changes
from apps.engine.batch import Batch
from apps.engine.changes import Change, ChangeKind
from apps.engine.codes import Step
from apps.engine.facts import Workload
from apps.engine.remedies import remedies
from apps.engine.ways import OF_ONE_KIND, Way, changed, few, pairs_of

if TYPE_CHECKING:
    from apps.engine.counterfactual import Search

_LEAST_TRIES, _MOST_TRIES = 8, 150
_MOST_MORE = 12
"""So many seats more than one are suggested at most."""
_WORK = 200_000
"""So many pairs of an order and a reader are decided again at most."""


class SearchOfBatch:
    """The same for one of many that were decided together: each change is tried on all of them.

    What is suggested by how the order found the loads, others having been given out before it,
    is made to the loads before any of them. Trying is dear, so it ends after so much work.
    """

    def __init__(self, search: Search, batch: Batch) -> None:
        """Begin.

        Args:
            search: of the order as it found the loads.
            batch: all that were decided together.
        """
        self.search, self.batch = search, batch
        self.left = max(_LEAST_TRIES, min(_MOST_TRIES, _WORK // batch.size))
        self.world = batch.world(search.world.order.order_id, search.world)

    def ways(self) -> list[Way]:
        """Return the smallest changes after which the order comes to the wanted end."""
        if self.search.is_wanted(self.search.decision):
            return []
        alone = list(dict.fromkeys(self.search.singles()))
        singles = dict.fromkeys([*alone, *self._more()])
        found = self._found((change,) for change in sorted(singles, key=lambda one: one.rank))
        if not found and self.left:
            found = self._found(pair for pair in pairs_of(alone) if not _waits(pair))
        return few(found)

    def _found(self, asked: Iterable[tuple[Change, ...]]) -> list[Way]:
        """Try them in turn, no more of a kind than are told."""
        found: list[Way] = []
        counts: Counter[tuple[ChangeKind, ...]] = Counter()
        for made in asked:
            kinds = tuple(change.kind for change in made)
            if counts[kinds] == OF_ONE_KIND or not all(map(self._is_possible, made)):
                continue
            if not self.left:
                break
            self.left -= 1
            way = self.search.way(made, self.batch.decision(changed(self.world, made)))
            if way is not None:
                counts[kinds] += 1
                found.append(way)
        return found

    def _is_possible(self, change: Change) -> bool:
        """Say no to studies that somebody should finish who was given them only now."""
        if change.kind is not ChangeKind.SEAT:
            return True
        return change.size <= self.world.load_of(change.person).open_studies

    def _more(self) -> Iterator[Change]:
        """Yield what would help one alone for some of the others, too, and fewer open studies."""
        for person in self.search.people():
            load = self.search.world.load_of(person.id)
            full = [one for one in self.search.refusals(person) if one.step is Step.CAPACITY]
            for more in range(1, min(len(self.batch.asked), _MOST_MORE)) if full else ():
                world = self.search.world.with_load(_with(load, more))
                for refusal in full:
                    yield from remedies(world, person, refusal)
        wanted = self.world.load_of(self.search.wanted)
        yield from (changes.finished(wanted, one + 1) for one in range(wanted.open_studies))


def _with(load: Workload, studies: int) -> Workload:
    """Return a load with more studies of the mean RVU, given within the hour."""
    stat, urgent, routine = load.open_by_urgency
    each = load.open_rvu / load.open_studies if load.open_studies else Decimal(1)
    return replace(
        load,
        open_by_urgency=(stat, urgent, routine + studies),
        open_rvu=load.open_rvu + each * studies,
        assigned_last_hour=load.assigned_last_hour + studies,
        rvu_last_hour=load.rvu_last_hour + each * studies,
    )


def _waits(made: Iterable[Change]) -> bool:
    return any(change.kind is ChangeKind.WAIT for change in made)
