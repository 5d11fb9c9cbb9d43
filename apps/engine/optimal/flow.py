"""The cheapest way to give each of many studies to one reader: a minimum-cost flow, exact.

Studies are given one after the other along the shortest augmenting path, each path moving what
was given before where that makes the whole cheaper (successive shortest paths, with a price for
each reader that keeps every reduced cost from being negative). A reader's next study costs more
than the last, so that their seats need no nodes of their own: only the next one is ever a way out.
All numbers are whole, and ties go to who stands first, so equal questions have equal answers.
Source: Ahuja, Magnanti, Orlin, Network Flows, 9.7; Jonker and Volgenant 1987.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    return flow.reader_of


class _Flow:
    """What was given so far, and the prices that prove it the cheapest.

    A reader's price lies between what their last study cost more than the first and what the next
    would; it never falls. ``_given`` are their studies. ``_second`` says for each of those what it
    would cost at least with somebody else, price included: as prices never fall that stays true,
    and spares looking at all readers where it is too much anyway.
    """

    def __init__(
        self, costs: Sequence[Sequence[int]], steps: Sequence[int], seats: Sequence[int]
    ) -> None:
        self._costs, self._steps, self._seats = costs, steps, seats
        self._prices = [0] * len(steps)
        self._given: list[list[int]] = [[] for _ in steps]
        self._second = [0] * len(costs)
        self.reader_of: list[int | None] = [None] * len(costs)

    def place(self, study: int) -> None:
        """Give one more study, moving others where that is cheaper."""
        prices = self._prices
        far = [cost + price for cost, price in zip(self._costs[study], prices, strict=True)]
        came = [study] * len(far)
        settled: list[tuple[int, int]] = []
        best, end = FORBIDDEN, -1
        while (length := min(far)) < min(best, _FAR):
            reader = far.index(length)
            far[reader] = _SETTLED
            settled.append((reader, length))
            more = self._exit(reader)
            if more is not None and length + more < best:
                best, end = length + more, reader
            if more != 0:
                self._relax(reader, length - prices[reader], best, far, came)
        if end >= 0:
            self._augment(study, end, came)
            for reader, length in settled:
                prices[reader] += max(best - length, 0)

    def _exit(self, reader: int) -> int | None:
        """Return what one study more costs above the reader's price, None without a seat."""
        count = len(self._given[reader])
        if count >= self._seats[reader]:
            return None
        return self._steps[reader] * count - self._prices[reader]

    def _relax(self, reader: int, length: int, best: int, far: list[int], came: list[int]) -> None:
        """Note where the reader's studies could go instead, if that is nearer than what is known."""
        for moved in self._given[reader]:
            row = self._costs[moved]
            base = length - row[reader]
            if base + self._second[moved] >= best:
                continue
            reach = [cost + price for cost, price in zip(row, self._prices, strict=True)]
            reach[reader] = FORBIDDEN
            self._second[moved] = min(reach)
            for other, (there, known) in enumerate(zip(reach, far, strict=True)):
                if there < _FAR and base + there < known and known != _SETTLED:
                    far[other], came[other] = base + there, moved

    def _augment(self, study: int, end: int, came: Sequence[int]) -> None:
        """Give along the path, from its end back to the study."""
        reader = end
        while True:
            moved = came[reader]
            before = self.reader_of[moved]
            self._given[reader].append(moved)
            self.reader_of[moved] = reader
            self._second[moved] = -FORBIDDEN  # of another reader now: to be looked at
            if moved == study or before is None:
                return
            self._given[before].remove(moved)
            reader = before
