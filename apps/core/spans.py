"""Spans of time in the one or two units that matter."""

from __future__ import annotations

from datetime import timedelta

_UNITS = (("d", 24 * 60), ("h", 60), ("min", 1))


def in_words(span: timedelta, *, units: int = 2) -> str:
    """Return ``3 d 4 h``, ``2 h 10 min``, ``4 min`` or ``under 1 min``; never below zero.

    Args:
        span: rounded down to minutes.
        units: how many are shown; 1 gives ``3 d`` and ``2 h``.
    """
    minutes = max(span // timedelta(minutes=1), 0)
    if minutes == 0:
        return "under 1 min"
    parts = []
    for name, size in _UNITS:
        count, minutes = divmod(minutes, size)
        parts.append((count, name))
    first = next(index for index, (count, _) in enumerate(parts) if count)
    shown = [f"{count} {name}" for count, name in parts[first : first + units] if count]
    return " ".join(shown)
