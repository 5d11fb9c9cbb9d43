"""What other weights and bounds would have decided, which only a higher app knows.

The app that has the answer registers it from ``AppConfig.ready``. Until then nothing is known,
and the pages leave out what they would have said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apps.engine.facts import Balance, Weights


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Of the latest decisions, made again: how many would go to another reader."""

    looked_at: int
    moved: int


Asked = Callable[[Weights | None, Balance | None], Otherwise]
"""Takes what changes, None for what stays as it is."""


def _nothing(weights: Weights | None, balance: Balance | None) -> Otherwise:  # noqa: ARG001 -- the registry's form
    return Otherwise(0, 0)


_asked: Asked = _nothing


def register(asked: Asked) -> None:
    """Ask this one from now on; called from ``AppConfig.ready``."""
    global _asked  # noqa: PLW0603 -- one registry per process is the point
    _asked = asked


def decided_otherwise(
    *, weights: Weights | None = None, balance: Balance | None = None
) -> Otherwise:
    """Return how many of the latest decisions these would have made otherwise."""
    return _asked(weights, balance)
