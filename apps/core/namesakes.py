"""People of one name: whoever reads a list has to see which of them is meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """Return what everybody is called, by id; who shares a name with another bears the id too.

    Args:
        names: full names by id, of everybody who stands beside the others.
    """
    shared = Counter(names.values())
    return {
        id_: name if shared[name] == 1 or name == id_ else f"{name} ({id_})"
        for id_, name in names.items()
    }
