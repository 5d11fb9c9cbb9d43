"""``python -m apps.roster.planning.solve``: solves the model on standard input.

One line of JSON in, lines of JSON out: ``progress`` and ``found`` on the way, ``outcome`` at the
end. It knows nothing of people or databases, so that it is small and may be killed at any moment.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from apps.roster.planning.model import Model, Row
from apps.roster.planning.solver import Listener, Progress, solve
from radassign.linux import die_with_parent


def written(model: Model, start: Sequence[float], seconds: float) -> str:
    """Return the line that asks for a model to be solved; its seats are not told."""
    rows = [
        [list(row.terms), list(row.terms.values()), _finite(row.lower), _finite(row.upper)]
        for row in model.rows
    ]
    return json.dumps(
        {
            "costs": model.costs,
            "lower": model.lower,
            "upper": model.upper,
            "rows": rows,
            "lacks": model.lacks,
            "least_missing": model.least_missing,
            "start": list(start),
            "seconds": seconds,
        }
    )


def main(asked: TextIO, answers: TextIO) -> None:
    """Solve what is asked."""
    said = json.loads(asked.readline())
    rows = [
        Row(dict(zip(places, factors, strict=True)), _bound(lower, -1), _bound(upper, 1))
        for places, factors, lower, upper in said["rows"]
    ]
    model = Model(said["costs"], said["lower"], said["upper"], rows)
    model.lacks, model.least_missing = said["lacks"], said["least_missing"]

    def answer(kind: str, **values: Any) -> None:
        answers.write(json.dumps({"kind": kind, **values}) + "\n")
        answers.flush()

    def tell(progress: Progress) -> None:
        answer(
            "progress",
            best=_finite(progress.best),
            bound=_finite(progress.bound),
            is_sharing=progress.is_sharing,
        )

    def found(values: Sequence[float]) -> None:
        answer("found", taken=_taken(values))

    listener = Listener(tell, found)
    outcome = solve(model, start=said["start"], seconds=said["seconds"], listener=listener)
    answer(
        "outcome",
        taken=_taken(outcome.values) if outcome.values else None,
        best=_finite(outcome.best),
        bound=_finite(outcome.bound),
        is_optimal=outcome.is_optimal,
        fewest_missing=outcome.fewest_missing,
    )


def _taken(values: Sequence[float]) -> Mapping[str, int]:
    """Return the columns that are not zero."""
    return {str(place): round(value) for place, value in enumerate(values) if round(value)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _bound(value: float | None, sign: int) -> float:
    return sign * math.inf if value is None else value


if __name__ == "__main__":
    die_with_parent()
    main(sys.stdin, sys.stdout)
