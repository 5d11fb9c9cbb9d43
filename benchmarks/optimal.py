"""How long many waiting orders take that are given out together.

``flow_*`` is the minimum-cost flow on its own, costs known, 100 orders to 200 readers of one pool:
with plausible costs, and with costs so alike that most orders want the same readers.
``whole_ms`` is everything for the same size: rules and filters of each order, the flow, and a trace
of 200 candidates for each decision; nearly every order of another kind, so that little is shared.
``whole_alike_ms`` is the same of ten kinds, as bursts are. What the configuration and the roster
come to is known before, as in a process that decides. Run with ``python -m benchmarks.optimal``.
"""

from __future__ import annotations

import gc
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from statistics import median
from time import process_time_ns

from apps.engine.codes import Strategy, Urgency
from apps.engine.compiled import compile_config
from apps.engine.facts import OrderFacts, Workload
from apps.engine.optimal.flow import cheapest
from apps.engine.optimal.together import Asked, decide_together
from apps.engine.result import Snapshot
from apps.engine.rota import RosterRow, WorkType
from benchmarks.engine_world import AT, FULL, build_config, build_loads, build_orders

ORDERS, READERS = 100, 200
_ROUNDS = 15


def run() -> dict[str, float | int | str]:
    """Return medians in milliseconds."""
    return {
        "orders": ORDERS,
        "readers": READERS,
        "flow_ms": median(_flow(seed, apart=3_000) for seed in range(_ROUNDS)),
        "flow_contended_ms": median(_flow(seed, apart=60) for seed in range(_ROUNDS)),
        "flow_alike_ms": median(_flow(seed, apart=0) for seed in range(_ROUNDS)),
        "whole_ms": median(_whole(seed, kinds=ORDERS) for seed in range(5)),
        "whole_alike_ms": median(_whole(seed, kinds=10) for seed in range(5)),
    }


def _flow(seed: int, *, apart: int) -> float:
    random = Random(seed)  # noqa: S311 -- plausible costs, no secret
    own = [random.randint(0, 5_000) for _ in range(READERS)]
    costs = [[cost + random.randint(0, apart) for cost in own] for _ in range(ORDERS)]
    started = process_time_ns()
    cheapest(costs, [600] * READERS, [20] * READERS)
    return (process_time_ns() - started) / 1e6


def _whole(seed: int, *, kinds: int) -> float:
    config = build_config(replace(FULL, shifts=1, roster_pairs=READERS, rules=0), seed)
    shift = replace(
        config.shifts[0], work_types=(WorkType(),), sites=None, strategy=Strategy.OPTIMAL
    )
    start = AT.date() - timedelta(days=30)
    rows = tuple(RosterRow(shift.code, one.id, start, None) for one in config.radiologists)
    compiled = compile_config(replace(config, shifts=(shift,), roster=rows))
    loads = {id_: _fair(load) for id_, load in build_loads(config, seed).items()}
    made = build_orders(config, kinds, seed)
    orders = [replace(made[n % kinds], order_id=n + 1) for n in range(ORDERS)]
    asked, snapshot = [Asked(_routine(one)) for one in orders], Snapshot(compiled, loads)
    decide_together(asked, AT, snapshot)
    gc.collect()
    gc.freeze()
    started = process_time_ns()
    decide_together(asked, AT, snapshot)
    spent = (process_time_ns() - started) / 1e6
    gc.unfreeze()
    return spent


def _fair(load: Workload) -> Workload:
    return replace(load, given_units=load.open_rvu + Decimal(5), worked_seconds=7_200)


def _routine(order: OrderFacts) -> OrderFacts:
    return replace(order, urgency=Urgency.ROUTINE, report_due_at=AT + timedelta(hours=24))


def main() -> None:
    """Print the figures as JSON."""
    print(json.dumps(run(), indent=2))


if __name__ == "__main__":
    main()
