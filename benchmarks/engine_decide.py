"""How long one decision takes in process, with its trace, in a full-size department.

``median_ms`` is the figure that counts: a running department, in which the pools for a kind of
order are known from an earlier one. ``first_of_kind_ms`` is a decision for a kind of order that
nobody has asked for since the last shift change, ``after_boundary_ms`` the first decision after
one. Run with ``python -m benchmarks.engine_decide``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from statistics import median
from time import perf_counter_ns

from apps.engine.compiled import compile_config
from apps.engine.decision import Snapshot, decide
from apps.engine.facts import OrderFacts
from benchmarks.engine_world import AT, FULL, Size, build_config, build_loads, build_orders

ORDERS = 2_000
ROUNDS = 3
HALF = Size(100, 250, 750, 500)
DOUBLE = Size(400, 1_000, 3_000, 2_000)


def run() -> dict[str, float | int | str]:
    """Return medians in milliseconds and, beside them, those at half and double the size."""
    figures = measure(FULL, ORDERS)
    figures["half_size_median_ms"] = measure(HALF, ORDERS // 4)["median_ms"]
    figures["double_size_median_ms"] = measure(DOUBLE, ORDERS // 4)["median_ms"]
    return figures


def measure(size: Size, count: int) -> dict[str, float | int | str]:
    """Return the figures for one size of department."""
    config = build_config(size)
    started = perf_counter_ns()
    compiled = compile_config(config)
    compile_ms = (perf_counter_ns() - started) / 1e6
    snapshot = Snapshot(compiled, build_loads(config))
    orders = build_orders(config, count)
    decisions = [decide(order, AT, snapshot) for order in orders]
    texts = [json.dumps(decision.trace, separators=(",", ":")) for decision in decisions]
    seen = [len(decision.trace.get("loads", ())) for decision in decisions]
    outcomes = Counter(decision.outcome.value for decision in decisions)
    times = sorted(_round(orders, snapshot))
    return {
        "radiologists": size.radiologists,
        "shifts": size.shifts,
        "roster_pairs": size.roster_pairs,
        "rules": size.rules,
        "median_ms": median(median(_round(orders, snapshot)) for _ in range(ROUNDS)),
        "p99_ms": times[len(times) * 99 // 100],
        "first_of_kind_ms": median(_round(orders[:300], snapshot, compiled.forget_pools)),
        "after_boundary_ms": median(_round(orders[:20], snapshot, compiled.forget)),
        "compile_ms": compile_ms,
        "trace_bytes_median": median(len(text) for text in texts),
        "readers_seen_median": median(seen),
        **{f"orders_{outcome}": count for outcome, count in sorted(outcomes.items())},
    }


def _round(
    orders: Iterable[OrderFacts], snapshot: Snapshot, before: Callable[[], None] = lambda: None
) -> list[float]:
    times = []
    for order in orders:
        before()
        started = perf_counter_ns()
        decide(order, AT, snapshot)
        times.append((perf_counter_ns() - started) / 1e6)
    return times


def main() -> None:
    """Print the figures as JSON."""
    print(json.dumps(run(), indent=2))


if __name__ == "__main__":
    main()
