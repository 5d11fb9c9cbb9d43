"""What rules are judged by and only a higher app knows: past decisions, stored orders, coverage.

The app that has the answers registers them from ``AppConfig.ready``. Until then nothing is known,
and the pages leave out what they would have said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Crew:
    """Who is on a shift at a moment; ``people`` counts those who are there."""

    is_running: bool
    people: int


@dataclass(frozen=True, slots=True)
class Trial:
    """How conditions would have met the latest orders, each judged as it arrived.

    ``refusals`` says why the reader asked about may not read some of the ``matched``, in words,
    and of how many.
    """

    looked_at: int
    matched: int
    refusals: Mapping[str, int] = field(default_factory=dict)


class Insight(Protocol):
    """Answers from above."""

    def decided_since(self, since: datetime) -> Mapping[int, int]:
        """Return how many assignments each rule decided since then, by the rule's id."""

    def crew(self, shift_code: str, *, at: datetime) -> Crew:
        """Return who is on the shift."""

    def trial(
        self, conditions: Mapping[str, Any], *, at: datetime, radiologist_id: str = ""
    ) -> Trial:
        """Return what the conditions would have done with the latest orders.

        Raises:
            ValueError: the conditions cannot be evaluated.
        """


class _Nothing:
    """What is known as long as nobody registered."""

    def decided_since(self, since: datetime) -> Mapping[int, int]:  # noqa: ARG002 -- see Insight
        return {}

    def crew(self, shift_code: str, *, at: datetime) -> Crew:  # noqa: ARG002 -- see Insight
        return Crew(is_running=True, people=1)

    def trial(
        self,
        conditions: Mapping[str, Any],  # noqa: ARG002 -- see Insight
        *,
        at: datetime,  # noqa: ARG002 -- see Insight
        radiologist_id: str = "",  # noqa: ARG002 -- see Insight
    ) -> Trial:
        return Trial(0, 0)


_insight: Insight = _Nothing()


def register(insight: Insight) -> None:
    """Ask this one from now on; called from ``AppConfig.ready``."""
    global _insight  # noqa: PLW0603 -- one registry per process is the point
    _insight = insight


def known() -> Insight:
    """Return whom to ask."""
    return _insight
