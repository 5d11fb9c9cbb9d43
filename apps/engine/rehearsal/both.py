"""Two configurations made ready for one rehearsal: what stands, and what is only thought of."""

from __future__ import annotations

from datetime import datetime

from apps.engine.compiled import CompiledConfig, compile_config
from apps.engine.coverage import Coverage
from apps.engine.facts import Config

_STAFF = (
    *("sites", "shifts", "radiologists", "roster", "leaves", "swaps", "extras", "rotations"),
    *("calendars", "regions"),
)
"""All that says who is asked of what; rules, weights and bounds only choose among them."""


class _Alongside(CompiledConfig):
    """A configuration that looks up who is there, and the pools of them, where another does."""

    def __init__(self, own: CompiledConfig, other: CompiledConfig) -> None:
        self.__dict__.update(vars(own))
        self._other = other
        self.duties = other.duties

    def coverage_at(self, at: datetime) -> Coverage:
        """Return who is on shift at a moment."""
        return self._other.coverage_at(at)


def compile_both(before: Config, after: Config) -> tuple[CompiledConfig, CompiledConfig]:
    """Return both ready for ``decide``; what is the same in both is worked out once."""
    first = compile_config(before)
    second = compile_config(after, like=first)
    is_same_staff = all(getattr(before, name) == getattr(after, name) for name in _STAFF)
    return first, _Alongside(second, first) if is_same_staff else second
