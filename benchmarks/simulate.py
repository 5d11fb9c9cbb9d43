"""How fast days of the stated department go by, and what they come to over several seeds.

Run with ``python -m benchmarks.simulate``.
"""

from __future__ import annotations

import json
from statistics import fmean

from apps.trials.simulation.deciders import LOWEST_COUNT
from apps.trials.simulation.stated import stated_department
from apps.trials.simulation.study import simulate

SEEDS = (7, 8, 9)
DAYS = 5
_MINUTE = 60


def run() -> dict[str, float | int | str]:
    """Return speed, and breaches and spread of OPTIMAL as shares of the lowest count's."""
    made = [
        simulate(stated_department(0.9, seed), days=DAYS, seed=seed, names=["OPTIMAL"]).by_name
        for seed in SEEDS
    ]
    ours = [one["OPTIMAL"] for one in made]
    base = [one[LOWEST_COUNT] for one in made]
    return {
        "days": DAYS,
        "orders_a_run": round(fmean(one.studies for one in ours)),
        "orders_a_minute": round(fmean(one.studies / one.seconds * _MINUTE for one in ours)),
        "breaches_of_lowest_count": fmean(
            one.total_breaches / max(other.total_breaches, 1)
            for one, other in zip(ours, base, strict=True)
        ),
        "spread_of_lowest_count": fmean(
            one.within / other.within for one, other in zip(ours, base, strict=True)
        ),
    }


def main() -> None:
    """Print the figures as JSON."""
    print(json.dumps(run(), indent=2))


if __name__ == "__main__":
    main()
