"""Names of shifts that fit into a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable

from apps.roster.models import Shift

_MOST = 3


def short_names(shifts: Iterable[Shift]) -> dict[int, str]:
    """Return a name of up to three letters for each shift, each another; the legend explains.

    The first letters of the code's words: ``GENERAL_NIGHT`` is GN; a number where that is taken.
    """
    found: dict[int, str] = {}
    for shift in shifts:
        words = re.findall(r"[^\W_]+", shift.code) or [shift.code]
        first = "".join(word[0] for word in words) if len(words) > 1 else words[0]
        name, number = first[:_MOST].upper(), 1
        while name in found.values():
            number += 1
            name = f"{first[: _MOST - 1].upper()}{number}"
        found[shift.pk] = name
    return found
