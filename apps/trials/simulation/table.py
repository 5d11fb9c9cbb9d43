"""A simulation as a table of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from apps.engine.codes import Urgency
from apps.trials.simulation.measures import Measures
from apps.trials.simulation.study import Simulation

_CALLED = {
    "LOWEST_COUNT": "fewest open studies",
    "COMMON_LIST": "common list",
    "SHIFTS": "as the shifts say",
    "LOAD_BALANCED": "load balanced",
    "SCORED": "scored",
    "ROUND_ROBIN": "round robin",
    "URGENT": "seniors first",
    "FAIR": "fair",
    "OPTIMAL": "optimal",
}
_Row = tuple[str, Callable[[Measures], str]]


def _quantile(urgency: str, name: str) -> Callable[[Measures], str]:
    return lambda run: f"{run.turnaround.get(urgency, {}).get(name, 0):,.1f}"


def _late(urgency: str) -> Callable[[Measures], str]:
    return lambda run: f"{run.breaches[urgency]:,} of {run.due[urgency]:,}"


ROWS: Sequence[_Row] = (
    ("studies", lambda run: f"{run.studies:,}"),
    ("SLA breaches", lambda run: f"{run.total_breaches:,}"),
    *((f"  {urgency.value} late of due", _late(urgency.value)) for urgency in Urgency),
    *((f"turnaround {name}, min", _quantile("all", name)) for name in ("p50", "p90", "p99")),
    *((f"  STAT {name}, min", _quantile("STAT", name)) for name in ("p50", "p99")),
    *((f"  URGENT {name}, min", _quantile("URGENT", name)) for name in ("p50", "p99")),
    ("RVU/h spread within pools", lambda run: f"{run.within:.4f}"),
    ("  beside the pool's own pace", lambda run: f"{run.within_par:.4f}"),
    ("RVU/h spread over all", lambda run: f"{run.overall:.4f}"),
    ("moved to another reader", lambda run: f"{run.moved:,}"),
    ("not assigned at once", lambda run: f"{run.waited:,}"),
    ("without a reader at the end", lambda run: f"{run.never_assigned:,}"),
    ("orders a minute", lambda run: f"{run.studies / max(run.seconds, 1e-9) * 60:,.0f}"),
)


def called(decided_by: str) -> str:
    """Return in words what decided a run."""
    return _CALLED.get(decided_by, decided_by)


def title_of(simulation: Simulation) -> str:
    """Return what was simulated: whose days, how many, from which seed."""
    days = "1 day" if simulation.days == 1 else f"{simulation.days} days"
    return f"{simulation.department}, {days}, seed {simulation.seed}"


def table(simulation: Simulation) -> str:
    """Return the figures, one decider a column."""
    heads = ["", *(called(run.decided_by) for run in simulation.runs)]
    rows = [[label, *(write(run) for run in simulation.runs)] for label, write in ROWS]
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    return "\n".join([title_of(simulation), "", *(_line(row, widths) for row in (heads, *rows))])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.rjust(width) if column else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()
