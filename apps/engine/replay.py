"""Makes a stored decision again, from its trace and the configuration it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from apps.engine.by_hand import replay_by_hand
from apps.engine.choice import Tie
from apps.engine.codec import canonical, from_json, to_json
from apps.engine.codes import Presence, Strategy
from apps.engine.compiled import CompiledConfig
from apps.engine.conditions.fields import OWN
from apps.engine.decision import begun, decide, ended
from apps.engine.facts import Config, OrderFacts, Workload
from apps.engine.optimal.together import replay_together
from apps.engine.result import Decision, Snapshot
from apps.engine.trace import order_from

# A JSON value of whatever shape.
JSON = Any

AREAS: Mapping[str, tuple[str, ...]] = {
    "catalog": ("sites", "regions", "holidays", "calendars"),
    "roster": ("shifts", "radiologists", "roster", "leaves", "swaps", "extras", "rotations"),
    "rules": ("rules", "weights", "balance"),
}
"""Which parts of a ``Config`` each versioned area holds."""

_WORKLOAD_COLUMNS = 11


def config_to_json(config: Config) -> dict[str, JSON]:
    """Return the configuration as JSON by area; equal configurations give equal bytes.

    The versions are left out: they number the areas and are no part of them.
    """
    return {
        area: {part: _sorted(to_json(getattr(config, part))) for part in parts}
        for area, parts in AREAS.items()
    }


def _sorted(value: JSON) -> JSON:
    """Return a list in one order whatever order it was read in; the engine sorts by itself."""
    return sorted(value, key=canonical) if isinstance(value, list) else value


def config_from_json(areas: Mapping[str, JSON], versions: Mapping[str, int]) -> Config:
    """Return the configuration that ``config_to_json`` wrote, at the given versions."""
    # What was written before a part existed lacks it.
    parts = {
        part: areas[area][part]
        for area, names in AREAS.items()
        for part in names
        if part in areas[area]
    }
    return from_json(Config, {"versions": dict(versions), **parts})


def replay(
    trace: Mapping[str, JSON],
    compiled: CompiledConfig,
    burst: Mapping[str, JSON] | None = None,
    *,
    again: Mapping[int, Decision] | None = None,
) -> Decision:
    """Decide again what a trace records.

    Args:
        trace: the trace of a decision, as it was stored.
        compiled: the configuration at the trace's versions.
        burst: what an order was decided from that was decided with others, so that all of them
            are decided again; None takes over who was chosen for it among them.
        again: what the whole burst comes to, by order id, for who has decided it again before.

    Returns:
        The same decision, down to the bytes of its trace, where the engine's rules of the
        game have not changed since.
    """
    at = datetime.fromisoformat(trace["at"])
    order = order_of(trace)
    snapshot = Snapshot(compiled, workloads_of(trace))
    if "by_hand" in trace:
        return replay_by_hand(trace, order, at, snapshot)
    if "burst" in trace:
        decision = _replay_of_many(trace, order, snapshot, burst, again)
    else:
        decision = decide(
            order,
            at,
            snapshot,
            widen=trace.get("widen", False),
            relieve=trace.get("relieve", ""),
        )
    if "lost_by" in trace:
        # Noted beside the decision: who had the order before, and why they lost it.
        decision.trace["lost_by"] = trace["lost_by"]
    if "own" in trace["order"]:
        # An older trace keeps all of the sender's own fields, not only those that a rule reads.
        decision.trace["order"] = _with_all_own(decision.trace["order"], trace["order"]["own"])
    return decision


def _with_all_own(order: Mapping[str, JSON], own: JSON) -> dict[str, JSON]:
    return {name: said for name, said in order.items() if not name.startswith(OWN)} | {"own": own}


def _replay_of_many(
    trace: Mapping[str, JSON],
    order: OrderFacts,
    snapshot: Snapshot,
    burst: Mapping[str, JSON] | None,
    again: Mapping[int, Decision] | None,
) -> Decision:
    """Decide again an order that was decided with others."""
    if again is None and burst is not None:
        again = replay_together(burst, snapshot.compiled).decisions
    if again is not None:
        made = again[order.order_id]
        # What is noted beside it is not to stay with what somebody keeps for the next.
        return replace(made, trace=dict(made.trace))
    at, widen = datetime.fromisoformat(trace["at"]), trace.get("widen", False)
    run = begun(order, at, snapshot, widen=widen, planned=planned_of(trace))
    decision = ended(run, order, snapshot)
    decision.trace["burst"] = trace["burst"]
    return decision


def planned_of(trace: Mapping[str, JSON]) -> str:
    """Return to whom an order was meant to go that was given out with others, else nobody.

    Whom the others left no room for was chosen as alone.
    """
    is_planned = any(tried.get("by") == Tie.TOGETHER for tried in trace.get("tries", ()))
    return str(trace["result"]["radiologist"]) if is_planned else ""


def order_of(trace: Mapping[str, JSON]) -> OrderFacts:
    """Return the order as a trace has it: what the engine and the rules of its day read."""
    return order_from(trace["order"])


def workloads_of(trace: Mapping[str, JSON]) -> dict[str, Workload]:
    """Return the workload of every reader a trace has seen, by id."""
    at = datetime.fromisoformat(trace["at"])
    turns = _turns(trace.get("tries", ()), at)
    duties = _duties(trace.get("tries", ()))
    return {
        id_: replace(_workload(id_, row, at, turns.get(id_, {})), **duties.get(id_, {}))
        for id_, row in trace.get("loads", {}).items()
    }


def _workload(id_: str, row: list[JSON], at: datetime, turns: dict[str, datetime]) -> Workload:
    """Read a row of ``trace.load_json``, whose columns at their default may be missing."""
    columns = [value for value, _ in zip_longest(row, range(_WORKLOAD_COLUMNS))]
    stat, urgent, routine, last_hour, last, rvu, rvu_hour, mean, presence, activity, busy = columns
    return Workload(
        radiologist=id_,
        presence=Presence(presence or Presence.UNKNOWN),
        last_activity_at=_before(at, activity),
        open_by_urgency=(stat or 0, urgent or 0, routine or 0),
        open_rvu=Decimal(rvu or 0),
        assigned_last_hour=last_hour or 0,
        rvu_last_hour=Decimal(rvu_hour or 0),
        last_assigned_at=_before(at, last),
        mean_turnaround_minutes=None if mean is None else Decimal(mean),
        last_on_shift=turns,
        busy_until=None if busy is None else at + timedelta(microseconds=busy),
    )


def _before(at: datetime, microseconds: int | None) -> datetime | None:
    return None if microseconds is None else at - timedelta(microseconds=microseconds)


def _duties(tries: Iterable[Mapping[str, JSON]]) -> dict[str, dict[str, Any]]:
    """Return what readers were given on their turn of duty and how long it was, by id."""
    return {
        id_: {"given_units": Decimal(given), "worked_seconds": worked}
        for tried in tries
        if tried["strategy"] in _SHARED_OUT
        for id_, _shift, _load, given, worked, *_costs in tried["fit"]
    }


_SHARED_OUT = frozenset({Strategy.FAIR.value, Strategy.OPTIMAL.value})


def _turns(tries: Iterable[Mapping[str, JSON]], at: datetime) -> dict[str, dict[str, datetime]]:
    """Return when readers last had a study on the shift whose turn was asked, by id."""
    turns: dict[str, dict[str, datetime]] = {}
    for tried in tries:
        if tried["strategy"] != Strategy.ROUND_ROBIN:
            continue
        for id_, shift, _load, since in tried["fit"]:
            last = _before(at, since)
            if last is not None:
                turns[id_] = {shift: last}
    return turns
