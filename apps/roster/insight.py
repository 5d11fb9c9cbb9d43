"""What a higher app knows of people: how much they read.

The app that has the answer registers it from ``AppConfig.ready``; until then nothing is known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol


class Insight(Protocol):
    """Answers from above."""

    def rvu_read(
        self, people: Collection[str], since: datetime, until: datetime
    ) -> Mapping[str, Decimal]:
        """Return the RVU that people reported, by id; the start is included, the end not."""


class _Nothing:
    """What is known as long as nobody registered."""

    def rvu_read(
        self,
        people: Collection[str],  # noqa: ARG002 -- see Insight
        since: datetime,  # noqa: ARG002 -- see Insight
        until: datetime,  # noqa: ARG002 -- see Insight
    ) -> Mapping[str, Decimal]:
        return {}


_insight: Insight = _Nothing()


def register(insight: Insight) -> None:
    """Ask this one from now on; called from ``AppConfig.ready``."""
    global _insight  # noqa: PLW0603 -- one registry per process is the point
    _insight = insight


def known() -> Insight:
    """Return whom to ask."""
    return _insight
