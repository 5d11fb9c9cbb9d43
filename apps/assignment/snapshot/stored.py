"""What a stored decision was made on, ready to be asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from apps.assignment.snapshot.basis import BasisMissingError, load_basis, load_burst
from apps.engine.batch import Batch, batch_of
from apps.engine.compiled import CompiledConfig, compile_config
from apps.engine.facts import OrderFacts, Workload
from apps.engine.replay import order_of, planned_of, workloads_of
from apps.engine.result import Snapshot

Versions = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StoredWorld:
    """One decision's own world.

    ``seen`` are the readers whose load was stored with it; of the others the snapshot holds what
    the caller gave, or nothing. ``planned`` is who was meant to have it where many were given out
    together, ``burst`` the digest of those; empty where it was decided alone.
    """

    order: OrderFacts
    at: datetime
    snapshot: Snapshot
    widen: bool
    relieve: str
    seen: frozenset[str]
    planned: str = ""
    burst: str = ""

    def batch(self) -> Batch | None:
        """Return the orders it was decided together with; None where none, or none were kept."""
        try:
            return batch_of(load_burst(self.burst)) if self.burst else None
        except BasisMissingError:
            return None


def compiled_at(versions: Versions) -> CompiledConfig:
    """Return the configuration as it was at these versions, ready to decide.

    Raises:
        BasisMissingError: an area's version was never stored.
    """
    return _compiled(tuple(sorted(versions.items())))


def world_of(
    trace: Mapping[str, Any], others: Mapping[str, Workload] | None = None
) -> StoredWorld:
    """Return the world in which a stored decision was made.

    Args:
        trace: of an assignment or an unassigned order, which was decided and not parked.
        others: loads of those whom the decision did not look at; None leaves them empty.

    Raises:
        BasisMissingError: the configuration of its versions was not kept.
    """
    loads = workloads_of(trace)
    return StoredWorld(
        order=order_of(trace),
        at=datetime.fromisoformat(trace["at"]),
        snapshot=Snapshot(compiled_at(trace["versions"]), {**(others or {}), **loads}),
        widen=bool(trace.get("widen")),
        relieve=str(trace.get("relieve", "")),
        seen=frozenset(loads),
        planned=planned_of(trace),
        burst=str(trace.get("burst", "")),
    )


def forget() -> None:
    """Forget the configurations read, as after a change of database."""
    _compiled.cache_clear()


@lru_cache(maxsize=4)
def _compiled(versions: tuple[tuple[str, int], ...]) -> CompiledConfig:
    return compile_config(load_basis(dict(versions)))
