"""Completes seats to a whole solution of a model, for the solver to begin with."""

from __future__ import annotations

import math
from collections.abc import Collection

from apps.roster.planning.facts import Seat
from apps.roster.planning.model import Model


def values_of(model: Model, seats: Collection[Seat]) -> list[float]:
    """Return a value for each column: what is taken, and what follows from it row by row.

    The rows that say how a column follows from seats stand in the model before those that use it
    otherwise, and each holds one such column whose value is not known yet.
    """
    values = [0.0 if lower <= 0 else lower for lower in model.lower]
    for seat in seats:
        values[model.seats[seat]] = 1.0
    known = set(model.seats.values())
    for place in range(len(values)):
        if place not in known:
            values[place] = model.lower[place] if model.costs[place] >= 0 else model.upper[place]
    for row in model.rows:
        free = [column for column in row.terms if column not in known]
        total = sum(factor * values[column] for column, factor in row.terms.items())
        if free and not row.lower <= total <= row.upper:
            column = free[0]
            factor = row.terms[column]
            wanted = row.lower if total < row.lower else row.upper
            step = (wanted - total) / factor
            values[column] += math.ceil(step) if step > 0 else math.floor(step)
    return values
