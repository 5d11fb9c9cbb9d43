"""Time cut at every moment at which something changes; sets of the pieces as whole numbers.

Bit ``n`` of a set stands for the time from edge ``n`` to the next. So "somebody is there", over
eight weeks, is one number, and who covers for whom is an OR.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime


class Grid:
    """A span cut at edges."""

    def __init__(self, edges: Iterable[datetime]) -> None:
        """Cut at these moments, of which there are two or more."""
        self.edges = sorted(set(edges))
        self.all = (1 << (len(self.edges) - 1)) - 1
        self._places = {edge: place for place, edge in enumerate(self.edges)}

    def between(self, start_at: datetime, end_at: datetime) -> int:
        """Return the set of the time between two edges."""
        return (1 << self._places[end_at]) - (1 << self._places[start_at])

    def touching(self, start_at: datetime, end_at: datetime) -> int:
        """Return the set of all pieces that share a moment with a span, edges or not."""
        first = max(bisect_right(self.edges, start_at) - 1, 0)
        last = min(bisect_left(self.edges, end_at), len(self.edges) - 1)
        return (1 << last) - (1 << first) if first < last else 0

    def spans(self, pieces: int) -> Iterator[tuple[datetime, datetime]]:
        """Yield the time of a set as spans, in order, none touching the next."""
        return ((self.edges[first], self.edges[last]) for first, last in _runs(pieces))


def lowest(pieces: int) -> int:
    """Return the set of the first piece of one that is not empty."""
    return pieces & -pieces


def _runs(pieces: int) -> Iterator[tuple[int, int]]:
    """Yield the places at which stretches of ones begin, and end."""
    offset = 0
    while pieces:
        skipped = lowest(pieces).bit_length() - 1
        pieces >>= skipped
        ones = lowest(~pieces).bit_length() - 1
        pieces >>= ones
        first = offset + skipped
        offset = first + ones
        yield first, offset
