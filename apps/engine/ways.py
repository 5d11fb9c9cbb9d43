"""What is told of a search for changes: the ways, the smallest first, and which go together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from apps.engine.changes import Change, ChangeKind, World

TOLD = 6
OF_ONE_KIND = 2


@dataclass(frozen=True, slots=True)
class Way:
    """One or two changes under which the engine decides as wanted, and whom it then chooses."""

    changes: tuple[Change, ...]
    radiologist: str
    shift: str | None

    @property
    def rank(self) -> tuple[int, list[tuple[int, int]]]:
        """Return how big it is: how many changes, then the biggest of them."""
        ranks = sorted((change.rank for change in self.changes), reverse=True)
        return len(self.changes), ranks


def changed(world: World, made: Iterable[Change]) -> World:
    """Return a world after changes."""
    for change in made:
        world = change.make(world)
    return world


def pairs_of(singles: Iterable[Change]) -> Iterator[tuple[Change, Change]]:
    """Yield two at once: two for one person, or a rule, a seat or time with any other."""
    by_size = sorted(combinations(singles, 2), key=_pair_rank)
    return (pair for pair in by_size if _goes_together(*pair))


def _goes_together(one: Change, other: Change) -> bool:
    """Say whether two changes may help each other: for one person, or for everybody."""
    if one.person and other.person:
        return one.person == other.person
    return one.kind is not other.kind or one.kind is ChangeKind.RULE_OFF


def _pair_rank(pair: tuple[Change, Change]) -> list[tuple[int, int]]:
    return sorted((change.rank for change in pair), reverse=True)


def few(ways: Iterable[Way]) -> list[Way]:
    """Return the first of each kind, so that one kind does not hide the others."""
    told: list[Way] = []
    counts: dict[tuple[ChangeKind, ...], int] = {}
    for way in sorted(ways, key=lambda way: way.rank):
        kinds = tuple(change.kind for change in way.changes)
        counts[kinds] = counts.get(kinds, 0) + 1
        if counts[kinds] <= OF_ONE_KIND:
            told.append(way)
    return told[:TOLD]
