"""What readers were given on their turns of duty, kept exact line by line or asked for at once.

What is given counts from the moment at which it was given until it is taken away again; reading
it changes nothing. The ledger says both, so that nothing is ever counted over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class Given:
    """What one reader was given lately, with the sum since a moment.

    The moment is the start of their turn, which hardly ever changes between two questions.
    """

    lines: list[tuple[datetime, Decimal]] = field(default_factory=list)
    since: datetime | None = None
    total: Decimal = NOTHING

    def add(self, given_at: datetime, units: Decimal) -> None:
        """Add a line; of what is taken away the units are below zero."""
        self.lines.append((given_at, units))
        if self.since is not None and given_at >= self.since:
            self.total += units

    def sum_since(self, since: datetime) -> Decimal:
        """Return what was given from a moment on and not taken away."""
        if since != self.since:
            # A roster may be mended so that the turn began earlier, but never over a day ago.
            self.lines = [line for line in self.lines if line[0] >= since - LONGEST]
            self.since = since
            self.total = sum((units for at, units in self.lines if at >= since), NOTHING)
        return self.total


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
