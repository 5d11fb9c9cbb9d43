"""Makes a stored decision again, from what was stored with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.assignment.snapshot.basis import load_burst
from apps.assignment.snapshot.stored import compiled_at, forget
from apps.engine.decision import Decision
from apps.engine.replay import replay

__all__ = ["forget", "replay_stored"]


def replay_stored(trace: Mapping[str, Any]) -> Decision:
    """Return the decision of a stored trace, made again.

    Args:
        trace: of an assignment or an unassigned order, which was decided and not parked.

    Raises:
        BasisMissingError: the configuration of its versions was not kept.
    """
    digest = trace.get("burst")
    burst = load_burst(digest) if digest else None
    return replay(trace, compiled_at(trace["versions"]), burst)
