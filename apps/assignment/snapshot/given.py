"""What readers were given on their turns of duty, kept exact line by line or asked for at once.

What is given counts from the moment at which it was given until it is taken away again; reading
it changes nothing. The ledger says both, so that nothing is ever counted over.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from apps.core import bulk
from apps.engine.duty import LONGEST

NOTHING = Decimal(0)
_SUMS = """
    SELECT line.radiologist_id,
           sum(CASE line.kind WHEN 'assigned' THEN line.units ELSE -line.units END)
    FROM unnest(%s::text[], %s::timestamptz[]) AS turn (radiologist_id, since)
    JOIN assignment_ledgerentry line ON line.radiologist_id = turn.radiologist_id
    WHERE line.at >= %s AND line.kind <> 'completed'
      AND coalesce(line.given_at, line.at) >= turn.since
    GROUP BY line.radiologist_id
"""


_SPARED = 256
"""How many lines too old to count are kept before they are dropped together."""


class Given:
    """What one reader was given lately, with the sum since a moment.

    The moment is the start of their turn. It stands for hours, or goes on with the time for who is
    on duty around the clock: so the sum follows it line by line and is never made anew.
    """

    __slots__ = ("_amounts", "_first", "_moments", "_total")

    def __init__(self) -> None:
        """Begin with nothing given."""
        self._moments: list[datetime] = []
        self._amounts: list[Decimal] = []
        self._first = 0
        self._total = NOTHING

    def add(self, given_at: datetime, units: Decimal) -> None:
        """Add a line; of what is taken away the units are below zero."""
        place = bisect_right(self._moments, given_at)
        self._moments.insert(place, given_at)
        self._amounts.insert(place, units)
        # Where the sum begins is only known to the next question, which moves it back or on.
        if place < self._first:
            self._first += 1
        else:
            self._total += units

    def sum_since(self, since: datetime) -> Decimal:
        """Return what was given from a moment on and not taken away."""
        while self._first < len(self._moments) and self._moments[self._first] < since:
            self._total -= self._amounts[self._first]
            self._first += 1
        # A roster may be mended so that the turn began earlier, but never over a day ago.
        while self._first and self._moments[self._first - 1] >= since:
            self._first -= 1
            self._total += self._amounts[self._first]
        if self._first >= _SPARED:
            self._drop_before(since - LONGEST)
        return self._total

    def _drop_before(self, moment: datetime) -> None:
        gone = bisect_left(self._moments, moment, hi=self._first)
        if gone >= _SPARED:
            del self._moments[:gone], self._amounts[:gone]
            self._first -= gone


def sums_errand(turns: Mapping[str, datetime], sums: dict[str, Decimal]) -> list[bulk.Errand]:
    """Return what to ask for the sums of one moment alone; nothing where nobody is on duty.

    Args:
        turns: since when each reader is on duty, by id.
        sums: filled with what each was given, by id.
    """
    if not turns:
        return []
    query = (_SUMS, [list(turns), list(turns.values()), min(turns.values())])
    return [(query, sums.update)]
