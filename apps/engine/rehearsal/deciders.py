"""Who decides in a rehearsal: the engine itself, or somebody to compare it with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from apps.engine.codes import Outcome, Reason, Urgency
from apps.engine.compiled import CompiledConfig
from apps.engine.decision import begun, ended
from apps.engine.facts import OrderFacts, Workload
from apps.engine.result import Snapshot

_NOBODY: frozenset[str] = frozenset()


class Verdict(NamedTuple):
    """What was decided for an order.

    ``reader`` is empty where it stays without one, and ``reason`` says why. ``full`` are those who
    could take it but for a seat: one of theirs that comes free could help. ``sharing`` are those
    on whose common list it waits: whoever of them has nothing to read takes it. ``is_by_rules``
    says that it follows from rules, rosters and loads, and from nothing else that time brings.
    """

    reader: str
    shift: str
    strategy: str
    urgency: Urgency
    rule: int | None = None
    reason: Reason | None = None
    escalated: bool = False
    full: frozenset[str] = _NOBODY
    sharing: frozenset[str] = _NOBODY
    is_by_rules: bool = False


class Decider(Protocol):
    """Decides one order at a time, from the loads at that moment."""

    def decide(
        self,
        order: OrderFacts,
        at: datetime,
        loads: Mapping[str, Workload],
        *,
        widen: bool = False,
        relieve: str = "",
    ) -> Verdict:
        """Decide who reads the order; the arguments are those of ``decision.decide``."""


class EngineDecider:
    """The engine that decides live, without its trace."""

    def __init__(self, compiled: CompiledConfig) -> None:
        self._snapshot = Snapshot(compiled)

    def decide(
        self,
        order: OrderFacts,
        at: datetime,
        loads: Mapping[str, Workload],
        *,
        widen: bool = False,
        relieve: str = "",
    ) -> Verdict:
        """Decide as the live service would."""
        snapshot = self._snapshot
        if snapshot.loads is not loads:
            snapshot = self._snapshot = Snapshot(snapshot.compiled, loads)
        run = begun(order, at, snapshot, widen=widen, relieve=relieve, with_trace=False)
        decision = ended(run, order, snapshot)
        is_waiting = decision.outcome is not Outcome.ASSIGNED
        return Verdict(
            reader=decision.radiologist or "",
            shift=decision.shift or "",
            strategy=decision.strategy.value if decision.strategy else "",
            urgency=decision.urgency,
            rule=decision.rule_id,
            reason=decision.reason,
            escalated=decision.escalated,
            full=run.full if is_waiting else _NOBODY,
            sharing=run.sharing if decision.reason is Reason.WORKLIST else _NOBODY,
            is_by_rules=True,
        )
