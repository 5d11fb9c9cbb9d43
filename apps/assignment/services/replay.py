"""Makes a stored decision again, from what was stored with it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from apps.assignment.snapshot.basis import load_basis
from apps.engine.compiled import CompiledConfig, compile_config
from apps.engine.decision import Decision
from apps.engine.replay import replay


def replay_stored(trace: Mapping[str, Any]) -> Decision:
    """Return the decision of a stored trace, made again.

    Args:
        trace: of an assignment or an unassigned order, which was decided and not parked.

    Raises:
        BasisMissingError: the configuration of its versions was not kept.
    """
    return replay(trace, _compiled(tuple(sorted(trace["versions"].items()))))


def forget() -> None:
    """Forget the configurations read, as after a change of database."""
    _compiled.cache_clear()


@lru_cache(maxsize=4)
def _compiled(versions: tuple[tuple[str, int], ...]) -> CompiledConfig:
    return compile_config(load_basis(dict(versions)))
