"""What the rules tell the apps above."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DraftChanged:
    """The rules of a draft are others than they were; it is not live."""

    draft_id: int


@dataclass(frozen=True, slots=True)
class DraftEnded:
    """A draft went live or was dropped."""

    draft_id: int
    is_live: bool
