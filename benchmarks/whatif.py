"""How fast past days are replayed both ways, in process, in a full-size department.

``orders_per_s`` counts each order once, though it is decided at least twice: as everything stands
now and with a change. Where the change is in rules alone, the second way takes over what the first
decided until a changed rule has a say, here for the first fifth of the orders. All is CPU time of one core, so that other work on the machine does not
count. Run with ``python -m benchmarks.whatif``.
"""

from __future__ import annotations

import gc
import json
from dataclasses import replace
from datetime import timedelta
from random import Random
from time import process_time

from apps.engine.codes import Strategy
from apps.engine.facts import Config
from apps.engine.rehearsal import Case, Rehearsal, Tally, compile_both, deciders_of
from benchmarks.engine_world import AT, FULL, build_config, build_orders

ORDERS = 20_000
PER_DAY = 10_000
_KINDS = 2_000
_MEAN_SECONDS = 480
_DUE_MINUTES = (60, 240, 1440)


def run() -> dict[str, float | int | str]:
    """Return orders and decisions a second, for a change that is a rule away and for FAIR."""
    config = build_config(FULL)
    cases = build_cases(config, ORDERS)
    figures: dict[str, float | int | str] = {
        "radiologists": FULL.radiologists,
        "shifts": FULL.shifts,
        "rules": FULL.rules,
        "orders": ORDERS,
    }
    figures |= measure("", cases, config, replace(config, rules=config.rules[1:]))
    return figures | measure("fair_", cases, config, _all_fair(config))


def measure(
    prefix: str, cases: list[Case], before: Config, after: Config
) -> dict[str, float | int | str]:
    """Return the figures of one replay both ways."""
    tallies = (Tally(), Tally())
    both = compile_both(before, after)
    rehearsals = [
        Rehearsal(compiled, AT, tally.add, decider=decider)
        for compiled, decider, tally in zip(both, deciders_of(*both), tallies, strict=True)
    ]
    gc.collect()
    began = process_time()
    for case in cases:
        for rehearsal in rehearsals:
            rehearsal.take(case)
    for rehearsal in rehearsals:
        rehearsal.close(cases[-1].ready_at + timedelta(days=1))
    seconds = process_time() - began
    decisions = sum(rehearsal.decisions for rehearsal in rehearsals)
    return {
        f"{prefix}orders_per_s": len(cases) / seconds,
        f"{prefix}decisions_per_s": decisions / seconds,
        f"{prefix}decisions": decisions,
        f"{prefix}never_read": sum(tally.whole.studies - tally.whole.read for tally in tallies),
    }


def build_cases(config: Config, count: int, seed: int = 7) -> list[Case]:
    """Return orders that come through day and night, with what it takes to read them."""
    random = Random(seed)  # noqa: S311 -- plausible data, no secret
    kinds = build_orders(config, _KINDS)
    cases = []
    for number in range(count):
        at = AT + timedelta(days=1) * number / PER_DAY
        due = [at + timedelta(minutes=minutes) for minutes in _DUE_MINUTES]
        order = replace(random.choice(kinds), order_id=number, received_at=at, report_due_at=None)
        order = replace(order, report_due_at=due[order.urgency.rank])
        seconds = random.expovariate(1 / _MEAN_SECONDS)
        cases.append(Case(order, at, seconds, (due[0], due[1], due[2])))
    return cases


def _all_fair(config: Config) -> Config:
    shifts = tuple(replace(shift, strategy=Strategy.FAIR) for shift in config.shifts)
    return replace(config, shifts=shifts)


def main() -> None:
    """Print the figures as JSON."""
    print(json.dumps(run(), indent=2))


if __name__ == "__main__":
    main()
