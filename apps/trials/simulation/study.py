"""One simulation: the same days for several deciders, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

from apps.trials.simulation.arrivals import arrivals
from apps.trials.simulation.common_list import CommonList
from apps.trials.simulation.deciders import BASELINES, COMMON_LIST, ByEngine, decider
from apps.trials.simulation.department import Department
from apps.trials.simulation.known import DAY, real_duties
from apps.trials.simulation.measures import Measures, measure
from apps.trials.simulation.run import Days


@dataclass(frozen=True, slots=True)
class Simulation:
    """What so many days of a department came to under each decider, in the order asked."""

    department: str
    days: int
    seed: int
    runs: tuple[Measures, ...]

    @property
    def by_name(self) -> Mapping[str, Measures]:
        """Return the runs by who decided."""
        return {run.decided_by: run for run in self.runs}

    def as_json(self) -> dict[str, Any]:
        """Return all figures."""
        return asdict(self)


def simulate(
    department: Department,
    *,
    days: int,
    seed: int,
    names: Iterable[str],
    others: Mapping[str, ByEngine] | None = None,
) -> Simulation:
    """Run the days once for each decider: the same studies, the same people, the same breaks.

    Args:
        department: whose days.
        days: how many, from its first.
        seed: draws what comes in and when people rest.
        names: of the deciders; see ``deciders.decider``. The baselines are always run too.
        others: further deciders, by the name to show; they stand before the baselines.
    """
    by = {name: decider(name) for name in names} | dict(others or {})
    by |= {name: decider(name) for name in BASELINES}
    studies = arrivals(department, days, seed)
    planned = real_duties(department, days, seed)
    runs: list[Measures] = []
    for name, deciding in by.items():
        started = perf_counter()
        kind = CommonList if name == COMMON_LIST else Days
        world = kind(department, planned, days, deciding)
        world.begin(studies)
        world.run(days * DAY)
        runs.append(measure(world, name, days * DAY, perf_counter() - started))
    return Simulation(department.name, days, seed, tuple(runs))
