"""The process's copy of the time on duty that was not spent reading, compared by its version.

Few people log other work, and seldom: the rows are read when the version of presence, which they
raise, has moved, and not for every decision.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from apps.core import bulk
from apps.engine.duty import LONGEST, Span

AREA = "presence"
Credits = Mapping[str, tuple[Span, ...]]
"""When somebody did other work, by radiologist id."""
_CREDITS = (
    "SELECT radiologist_id, start_at, end_at FROM roster_workcredit WHERE end_at > %s "
    "ORDER BY start_at, id"
)


class _Copy(NamedTuple):
    version: int
    credits: Credits


_copy: _Copy | None = None


def read_credits(at: datetime) -> Credits:
    """Return the other work that reaches into the last day before a moment, or lies ahead."""
    found: dict[str, list[Span]] = defaultdict(list)
    for radiologist, start_at, end_at in bulk.select(_CREDITS, [at - LONGEST]):
        found[radiologist].append(Span(start_at, end_at))
    return {radiologist: tuple(spans) for radiologist, spans in found.items()}


def current_credits(versions: Mapping[str, int], at: datetime) -> Credits:
    """Return the copy, read anew when its version moved on.

    Args:
        versions: as read under the lock, of what is committed.
        at: the moment.
    """
    global _copy  # noqa: PLW0603 -- one copy per process
    version = versions.get(AREA, 0)
    if _copy is None or _copy.version != version:
        _copy = _Copy(version, read_credits(at))
    return _copy.credits


def forget() -> None:
    """Drop the process's copy, as after a test or a change of database."""
    global _copy  # noqa: PLW0603 -- see current_credits
    _copy = None
