"""How long a roster takes to be worked out, to the proof that none is better or to a stated gap.

Made-up departments, solved as the planner's own process solves them: one thread, no database.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time

from apps.roster.planning.build import build
from apps.roster.planning.complete import values_of
from apps.roster.planning.facts import Bar, Demand, Person, Problem, Rules, Turn
from apps.roster.planning.greedy import first_seats
from apps.roster.planning.process import SolverProcess
from apps.roster.planning.solve import written
from apps.roster.planning.solver import is_installed

_MONDAY = date(2026, 3, 2)
_SHIFTS = ((8, 8), (14, 8), (22, 8))
_NIGHT, _FRIDAY = 2, 5
_RULES = Rules(nights_in_a_row=4, days_in_a_row=6, minutes_a_week=48 * 60)
_MEBI = 1024

Figures = dict[str, float | int | str]


@dataclass(frozen=True)
class Department:
    """People, days and readers on each of three shifts.

    ``away`` and ``narrow`` are a person's chances to be on leave in a week, and not to read a
    shift's work.
    """

    name: str
    people: int = 30
    days: int = 28
    readers: int = 1
    away: float = 0.0
    narrow: float = 0.0


DEPARTMENTS = (
    Department("30 x 28 x 3"),
    Department("30 x 28 x 3, leave, 3 readers", readers=3, away=0.2, narrow=0.2),
    Department("hard: 30 x 28 x 3, too few people", readers=7, away=0.2, narrow=0.3),
    Department(
        "60 x 56 x 3, leave, 5 readers", people=60, days=56, readers=5, away=0.2, narrow=0.3
    ),
)


def run(seconds: float = 30) -> Figures:
    """Return the figures."""
    if not is_installed():
        return {"the solver": "not installed: make planning"}
    figures: Figures = {}
    for department in DEPARTMENTS:
        for label, value in _measure(_problem(department), seconds).items():
            figures[f"{department.name}: {label}"] = value
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / _MEBI
    return {**figures, "solver's process, most memory MiB": used}


def _measure(problem: Problem, seconds: float) -> Figures:
    began = time.perf_counter()
    model = build(problem)
    start = values_of(model, first_seats(problem))
    prepared = time.perf_counter()
    with SolverProcess(written(model, start, seconds)) as process:
        *_before, outcome = process.answers(until=time.monotonic() + seconds + 30)
    taken = outcome.taken or {}
    best, bound = outcome.values["best"], outcome.values["bound"]
    return {
        "seats to choose": len(model.seats),
        "seconds to prepare": prepared - began,
        "seconds to solve": time.perf_counter() - prepared,
        "turns missing": sum(taken.get(column, 0) for column in model.lacks),
        "fewest missing proved": str(outcome.values["fewest_missing"]),
        "best proved": str(outcome.values["is_optimal"]),
        "gap %": 100 * abs(best - bound) / max(abs(best), 1.0),
    }


def _problem(department: Department) -> Problem:
    chance = random.Random(1)  # noqa: S311 -- made-up people
    demands = tuple(
        Demand(_turn(shift, _MONDAY + timedelta(days=ahead)), department.readers)
        for ahead in range(department.days)
        for shift in range(len(_SHIFTS))
    )
    people = tuple(
        _person(number, demands, department, chance) for number in range(department.people)
    )
    return Problem(demands, people, _RULES)


def _turn(shift: int, on: date) -> Turn:
    hour, hours = _SHIFTS[shift]
    start_at = datetime.combine(on, clock_time(hour), UTC)
    end_at = start_at + timedelta(hours=hours)
    is_weekend = on.isoweekday() > _FRIDAY
    return Turn(shift, on, start_at, end_at, hours * 60, shift == _NIGHT, is_weekend)


def _person(
    number: int, demands: tuple[Demand, ...], department: Department, chance: random.Random
) -> Person:
    not_theirs = {shift for shift in range(len(_SHIFTS)) if chance.random() < department.narrow}
    leave = {week for week in range(10) if chance.random() < department.away}
    barred = {}
    for place, demand in enumerate(demands):
        if demand.turn.shift in not_theirs:
            barred[place] = Bar.COMPETENCE
        elif (demand.turn.on - _MONDAY).days // 7 in leave:
            barred[place] = Bar.AWAY
    return Person(f"DR_{number:02}", rest_minutes=11 * 60, barred=barred)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    for label, value in run(parser.parse_args(sys.argv[1:]).seconds).items():
        print(
            f"{label:<64} {value:>14}"
            if isinstance(value, str)
            else f"{label:<64} {value:>14,.2f}"
        )
