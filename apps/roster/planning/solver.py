"""The solver behind a small interface: HiGHS, where it is installed.

Two questions, one after the other: how few can be missing, and how fairly can the rest be shared
out with so few missing. Asked at once, with one cost that outweighs the other, the first drowns
the second: the solver then spends its time on differences that it can hardly see.

One thread and a fixed seed, so that the same problem gets the same roster. It runs in a process
of its own (``solve``), which may be ended at any moment and gives its memory back.
"""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from apps.roster.planning.model import Model, Row

if TYPE_CHECKING:
    import highspy

PACKAGE = "highspy"
SEED = 1
_TELL_SECONDS = 0.5
_FILLING_PART = 0.5
"""How much of the time may be spent on the first question, where both are hard."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the solver is: the cost of the best found, and below which none can be.

    ``is_sharing`` says that it is at the second question; in the first, the cost is how many are
    missing. What is not known yet is infinite.
    """

    best: float
    bound: float
    is_sharing: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the solver came to; ``values`` are of the columns, empty where it found nothing.

    ``best`` and ``bound`` are costs of the second question; ``is_optimal`` that both are proved,
    ``fewest_missing`` that the first is.
    """

    values: Sequence[float]
    best: float
    bound: float
    is_optimal: bool
    fewest_missing: bool


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told on the way: how far it is, and each better solution."""

    tell: Callable[[Progress], None]
    found: Callable[[Sequence[float]], None]


def is_installed() -> bool:
    """Return whether the solver is there; it is an optional part."""
    return importlib.util.find_spec(PACKAGE) is not None


def solve(model: Model, *, start: Sequence[float], seconds: float, listener: Listener) -> Outcome:
    """Look for the solution with the fewest missing, and of these for that of least cost.

    Args:
        model: what to solve.
        start: a solution to begin with, by column.
        seconds: when to end with the best found so far.
        listener: told on the way.
    """
    ends_at = time.monotonic() + seconds
    lacking = sum(start[column] for column in model.lacks)
    fewest_missing, values = lacking <= model.least_missing, start
    if not fewest_missing:
        asked = replace(model, costs=_ones(model))
        filled = _run(asked, start, seconds * _FILLING_PART, listener, is_sharing=False)
        values = filled.values or start
        lacking = round(sum(values[column] for column in model.lacks))
        fewest_missing = filled.is_optimal
        listener.found(values)
    rows = [*model.rows, Row(dict.fromkeys(model.lacks, 1), -math.inf, lacking)]
    left = max(ends_at - time.monotonic(), 1.0)
    shared = _run(replace(model, rows=rows), values, left, listener, is_sharing=True)
    return replace(
        shared,
        is_optimal=shared.is_optimal and fewest_missing,
        fewest_missing=fewest_missing,
    )


def _ones(model: Model) -> list[int]:
    lacks = set(model.lacks)
    return [int(column in lacks) for column in range(len(model.costs))]


def _run(
    model: Model,
    start: Sequence[float],
    seconds: float,
    listener: Listener,
    *,
    is_sharing: bool,
) -> Outcome:
    import highspy  # noqa: PLC0415 -- optional, and asked for in a process of its own

    solver = highspy.Highs()  # type: ignore[no-untyped-call] # as highspy ships it
    _set_options(solver, seconds, model.step)
    solver.passModel(_program(model))
    given = highspy.HighsSolution()
    given.col_value = list(start)
    solver.setSolution(given)
    _listen(solver, listener, is_sharing=is_sharing)
    solver.run()
    info = solver.getInfo()
    values = list(solver.getSolution().col_value) if info.primal_solution_status else []
    is_optimal = solver.getModelStatus() in _proved()
    best = info.objective_function_value
    # Within a step of the bound nothing better is possible, though the bound may lie below.
    bound = best if is_optimal else info.mip_dual_bound
    return Outcome(values, best, bound, is_optimal, fewest_missing=False)


def _proved() -> Collection[highspy.HighsModelStatus]:
    """Return with which states nothing better is possible; a question without turns has no other."""
    import highspy  # noqa: PLC0415 -- as above

    return (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty)


def _set_options(solver: highspy.Highs, seconds: float, step: int) -> None:
    options: dict[str, Any] = {
        "output_flag": False,
        "threads": 1,
        "random_seed": SEED,
        "time_limit": float(seconds),
        "mip_rel_gap": 0.0,
        # Costs come in steps: what is nearer to the bound than one cannot be better.
        "mip_abs_gap": step - 0.01,
    }
    for name, value in options.items():
        solver.setOptionValue(name, value)


def _program(model: Model) -> highspy.HighsLp:
    import highspy  # noqa: PLC0415 -- as above

    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = len(model.costs), len(model.rows)
    program.col_cost_ = [float(cost) for cost in model.costs]
    program.col_lower_, program.col_upper_ = model.lower, model.upper
    program.row_lower_ = [row.lower for row in model.rows]
    program.row_upper_ = [row.upper for row in model.rows]
    program.integrality_ = [highspy.HighsVarType.kInteger] * len(model.costs)
    matrix = program.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.num_col_, matrix.num_row_ = program.num_col_, program.num_row_
    starts, places, factors = [0], [], []
    for row in model.rows:
        places += list(row.terms)
        factors += [float(factor) for factor in row.terms.values()]
        starts.append(len(places))
    matrix.start_, matrix.index_, matrix.value_ = starts, places, factors
    program.a_matrix_ = matrix
    return program


def _listen(solver: highspy.Highs, listener: Listener, *, is_sharing: bool) -> None:
    told_at = 0.0

    def on_step(event: highspy.HighsCallbackEvent) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _TELL_SECONDS:
            told_at = time.monotonic()
            said = event.data_out
            listener.tell(Progress(said.mip_primal_bound, said.mip_dual_bound, is_sharing))

    def on_better(event: highspy.HighsCallbackEvent) -> None:
        listener.found(list(event.data_out.mip_solution))

    solver.cbMipInterrupt += on_step
    solver.cbMipImprovingSolution += on_better
