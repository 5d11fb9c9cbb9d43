"""What rules are judged by and only a higher app knows: past decisions, stored orders, coverage.

The app that has the answers registers them from ``AppConfig.ready``. Until then nothing is known,
and the pages leave out what they would have said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from apps.engine.compiled import CompiledConfig
from apps.engine.conditions import Subject

LATEST = 1000
"""How many of the latest orders rules are tried on."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Who is on a shift at a moment; ``people`` counts those who are there."""

    is_running: bool
    people: int


@dataclass(frozen=True, slots=True)
class Example:
    """An order as it may be shown to who writes rules: nothing of the patient."""

    order_id: int
    accession: str
    site: str
    work: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Miss:
    """An order that conditions did not meet, and those of them that failed, in words."""

    example: Example
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """How conditions would have met the latest orders, each judged as it arrived.

    ``refusals`` says why the reader asked about may not read some of the ``matched``, in words,
    and of how many. ``examples`` are the newest that matched; where none did, ``nearest`` are
    those that failed by the fewest conditions.
    """

    looked_at: int
    matched: int
    refusals: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    nearest: tuple[Miss, ...] = ()

    def __str__(self) -> str:
        """Return ``214 of the last 1,000 orders``."""
        of = "one order" if self.looked_at == 1 else f"the last {self.looked_at:,} orders"
        return f"{self.matched:,} of {of}" if self.matched else f"none of {of}"


class Insight(Protocol):
    """Answers from above."""

    def decided_since(self, since: datetime) -> Mapping[int, int]:
        """Return how many assignments each rule decided since then, by the rule's id."""

    def crew(self, shift_code: str, *, at: datetime) -> Crew:
        """Return who is on the shift."""

    def latest(self) -> Sequence[Subject]:
        """Return the latest orders as the rules saw them when they arrived, newest first."""

    def compiled(self) -> CompiledConfig | None:
        """Return the configuration as the next decision reads it; None where nobody decides."""

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

    def latest(self) -> Sequence[Subject]:
        return ()

    def compiled(self) -> CompiledConfig | None:
        return None

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
