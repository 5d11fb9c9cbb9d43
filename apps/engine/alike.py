"""What decisions of one moment have in common: the same question is worked out once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

_T = TypeVar("_T")


class Alike:
    """Remembers answers that follow from one configuration, one moment and the same loads.

    Who decides many orders on one ``Snapshot`` puts one of these into it, and takes another as
    soon as a load has changed. What is remembered is shared: nobody changes it.
    """

    def __init__(self) -> None:
        """Begin with nothing remembered."""
        # What a key is about stays alive with it, so that its id is never another's.
        self._kept: dict[tuple[int, Hashable], tuple[object, Any]] = {}

    def once(self, about: object, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return what was made of an object under a key, made now if it never was.

        Args:
            about: the object, by its identity.
            key: what else the answer follows from.
            make: works it out.
        """
        found = self._kept.get((id(about), key))
        if found is None:
            found = self._kept[id(about), key] = (about, make())
        kept: _T = found[1]
        return kept


def once(alike: Alike | None, about: object, key: Hashable, make: Callable[[], _T]) -> _T:
    """Return the same where nothing is remembered: made now."""
    return make() if alike is None else alike.once(about, key, make)
