"""Makes a stored decision again, from what was stored with it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from apps.assignment.snapshot import stored
from apps.assignment.snapshot.basis import load_burst
from apps.assignment.snapshot.stored import compiled_at
from apps.engine.decision import Decision
from apps.engine.optimal.together import replay_together
from apps.engine.replay import replay

_BURSTS = 2
"""So many bursts are kept decided: who goes through decisions meets those of one in a row."""


def replay_stored(trace: Mapping[str, Any]) -> Decision:
    """Return the decision of a stored trace, made again.

    Args:
        trace: of an assignment or an unassigned order, which was decided and not parked.

    Raises:
        BasisMissingError: the configuration of its versions was not kept.
    """
    digest = trace.get("burst")
    versions = tuple(sorted(trace["versions"].items()))
    again = _decided(digest, versions) if digest else None
    return replay(trace, compiled_at(trace["versions"]), again=again)


def forget() -> None:
    """Forget what was read and decided again, as after a change of database."""
    stored.forget()
    _decided.cache_clear()


@lru_cache(maxsize=_BURSTS)
def _decided(digest: str, versions: tuple[tuple[str, int], ...]) -> Mapping[int, Decision]:
    """Return what all orders of a burst come to; deciding them for each anew would be dear."""
    return replay_together(load_burst(digest), compiled_at(dict(versions))).decisions
