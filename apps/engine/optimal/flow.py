"""The cheapest way to give each of many studies to one reader: a minimum-cost flow, exact.

Studies are given one after the other along the shortest augmenting path, each path moving what
was given before where that makes the whole cheaper (successive shortest paths, with a price for
each reader that keeps every reduced cost from being negative). A reader's next study costs more
than the last, so that their seats need no nodes of their own: only the next one is ever a way out.

Of the readers who have nothing yet only the cheapest for a study can end its path, and whoever was
given something keeps something. So paths are looked for among those who were given something, few
where all want the same, and each study remembers its cheapest of the others.
All numbers are whole, and ties go to who was given something first, then to who stands first, so
equal questions have equal answers.
Source: Ahuja, Magnanti, Orlin, Network Flows, 9.7; Jonker and Volgenant 1987.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import add

FORBIDDEN = 1 << 60
"""A cost that stands for a reader who must not have the study."""

_FAR = FORBIDDEN >> 1
_SETTLED = FORBIDDEN << 1


def cheapest(
    costs: Sequence[Sequence[int]], steps: Sequence[int], seats: Sequence[int]
) -> list[int | None]:
    """Return the reader of each study, by position; None for what nobody has a seat for.

    Among all ways to place as many studies as can be, each in turn, the cost is the least.

    Args:
        costs: by study and reader; ``FORBIDDEN`` where it must not be.
        steps: by how much each further study costs a reader more than the one before, not below
            zero.
        seats: how many studies each reader can be given at most.
    """
    flow = _Flow(costs, steps, seats)
    for study in range(len(costs)):
        flow.place(study)
    return [None if place is None else flow.used[place] for place in flow.place_of]


class _Path:
    """The shortest path looked for: how far each is, by which study they are reached, its end.

    ``end`` is a place among the used readers, the next new one for who has nothing yet, below
    zero while there is no way out; ``last`` is the study that this one gets.
    """

    __slots__ = ("best", "came", "end", "far", "last", "settled")

    def __init__(self, far: list[int], study: int) -> None:
        self.far = far
        self.came = [study] * len(far)
        self.settled: list[tuple[int, int]] = []
        self.best, self.end, self.last = FORBIDDEN, -1, study

    def ends(self, place: int, study: int, length: int) -> None:
        """Note an end that is nearer than those known."""
        if length < self.best:
            self.best, self.end, self.last = length, place, study


class _Flow:
    """What was given so far, and the prices that prove it the cheapest.

    ``used`` are the readers who were given something, by their place; what is kept of them is by
    place too. A price lies between what the reader's last study cost more than the first and what
    the next would; it never falls. ``_exits`` says by how much the next one costs more than that.
    ``_second`` says of each study given what it would cost at least with somebody else, price
    included: as prices never fall that stays true, and spares looking at all where it is too much.
    """

    def __init__(
        self, costs: Sequence[Sequence[int]], steps: Sequence[int], seats: Sequence[int]
    ) -> None:
        self._costs, self._steps, self._seats = costs, steps, seats
        self.used: list[int] = []
        self._is_used = [seat <= 0 for seat in seats]
        self._prices: list[int] = []
        self._exits: list[int] = []
        self._given: list[list[int]] = []
        self._near: list[list[int]] = [[] for _ in costs]
        self._second = [0] * len(costs)
        backwards = range(len(seats))[::-1]
        self._others = [sorted(backwards, key=row.__getitem__, reverse=True) for row in costs]
        self._fresh = [FORBIDDEN] * len(costs)
        for study in range(len(costs)):
            self._look_for_fresh(study)
        self.place_of: list[int | None] = [None] * len(costs)

    def place(self, study: int) -> None:
        """Give one more study, moving others where that is cheaper."""
        prices = self._prices
        path = _Path(list(map(add, self._near[study], prices)), study)
        far = path.far
        path.ends(len(far), study, self._fresh[study])
        if far:
            through = list(map(add, far, self._exits))
            nearest = min(through)
            path.ends(through.index(nearest), study, nearest)
            while (length := min(far)) < min(path.best, _FAR):
                place = far.index(length)
                far[place] = _SETTLED
                path.settled.append((place, length))
                self._relax(place, length - prices[place], path)
        if path.best < _FAR:
            self._give_along(path, study)

    def _relax(self, place: int, length: int, path: _Path) -> None:
        """Note where the reader's studies could go instead, if that is nearer than what is known."""
        far, exits = path.far, self._exits
        for moved in self._given[place]:
            near = self._near[moved]
            base = length - near[place]
            if base + self._second[moved] >= path.best:
                continue
            path.ends(len(far), moved, base + self._fresh[moved])
            reach = list(map(add, near, self._prices))
            reach[place] = FORBIDDEN
            self._second[moved] = min(*reach, self._fresh[moved])
            limit = path.best - base
            for other, there in enumerate(reach):
                if there < limit and base + there < far[other] != _SETTLED:
                    far[other], path.came[other] = base + there, moved
                    path.ends(other, moved, base + there + exits[other])

    def _give_along(self, path: _Path, study: int) -> None:
        for place, length in path.settled:
            self._prices[place] += path.best - length
            self._exits[place] -= path.best - length
        if path.end == len(self.used):
            self._begin(self._others[path.last][-1])
        moved, place = path.last, path.end
        while True:
            before = self.place_of[moved]
            self._given[place].append(moved)
            self.place_of[moved] = place
            self._second[moved] = -FORBIDDEN  # of another reader now: to be looked at
            if moved == study or before is None:
                break
            self._given[before].remove(moved)
            place, moved = before, path.came[before]
        self._open_next(path.end)

    def _begin(self, reader: int) -> None:
        """Make a reader one of those who were given something."""
        self.used.append(reader)
        self._is_used[reader] = True
        self._prices.append(0)
        self._exits.append(0)
        self._given.append([])
        for study, (near, row) in enumerate(zip(self._near, self._costs, strict=True)):
            near.append(row[reader])
            if self._others[study][-1:] == [reader]:
                self._look_for_fresh(study)

    def _look_for_fresh(self, study: int) -> None:
        """Find who is the cheapest for a study of those who have nothing yet."""
        others = self._others[study]
        while others and self._is_used[others[-1]]:
            others.pop()
        self._fresh[study] = self._costs[study][others[-1]] if others else FORBIDDEN

    def _open_next(self, place: int) -> None:
        """Set what the reader's next study costs above their price."""
        count, reader = len(self._given[place]), self.used[place]
        is_full = count >= self._seats[reader]
        next_ = FORBIDDEN if is_full else self._steps[reader] * count
        self._exits[place] = next_ - self._prices[place]
