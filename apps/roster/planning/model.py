"""The problem as a mixed-integer program: plain columns and rows, for whatever solver.

Columns: one for each person who may take a demand beside what they hold for certain; how many
each demand lacks, so that there is always an answer; and for each thing to be fair in, the most
and the least that anybody has. All are whole numbers, and so are all costs: two rosters never
differ by less than one.

Rows: each demand is filled or lacks; turns that nobody can hold together (*cliques* of the
interval graph of turns stretched by the rest, which is much tighter than pairs); nights and days
in a row and minutes a week by sliding windows; the most and the least. Fairness is the distance
between the most and the least; counting says how small it can be at best, and rows that say so
spare the solver most of its proof.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from apps.roster.planning.facts import Seat

INFINITE = float("inf")


@dataclass(frozen=True, slots=True)
class Row:
    """A sum of columns, each with its factor, from ``lower`` to ``upper``."""

    terms: Mapping[int, int]
    lower: float
    upper: float


@dataclass(slots=True)
class Model:
    """Whole-number columns with costs and bounds, and rows over them; the least cost is sought.

    ``seats`` are the columns that put somebody somewhere, ``lacks`` those that say how many a
    demand lacks, of which there are ``least_missing`` at least. Fewer missing is better whatever
    it costs.
    """

    costs: list[int] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    seats: dict[Seat, int] = field(default_factory=dict)
    lacks: list[int] = field(default_factory=list)
    least_missing: int = 0

    @property
    def step(self) -> int:
        """Return by how much two solutions differ in cost at least, where they do."""
        return math.gcd(*self.costs) or 1

    def column(self, cost: int = 0, lower: float = 0, upper: float = 1) -> int:
        """Add a column and return its place."""
        self.costs.append(cost)
        self.lower.append(lower)
        self.upper.append(upper)
        return len(self.costs) - 1

    def row(
        self, terms: Mapping[int, int], *, lower: float = -INFINITE, upper: float = INFINITE
    ) -> None:
        """Add a row."""
        self.rows.append(Row(terms, lower, upper))

    def at_most(self, columns: Iterable[int], upper: int) -> None:
        """Let no more than so many of some columns be taken; what cannot be broken is left out."""
        terms = dict.fromkeys(columns, 1)
        if len(terms) > upper:
            self.row(terms, upper=upper)

    def seats_of(self, values: Sequence[float]) -> frozenset[Seat]:
        """Return the seats that a solution takes."""
        half = 0.5
        return frozenset(seat for seat, column in self.seats.items() if values[column] > half)
