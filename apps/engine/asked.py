"""Finds, among many conditions, those that may be wider than others or meet them.

Each place of a rule is a bit. For each field of words a table holds the bits of those that allow
a word, and of those that do not ask. What an index leaves over is looked at by ``implies``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from apps.engine.conditions.domains import Values
from apps.engine.conditions.logic import Meaning
from apps.engine.conditions.values import Comparable

_Words = frozenset[Comparable | None]


@dataclass(slots=True)
class _Field:
    """The bits of those that name words of a field, and of those that allow each word."""

    asking: int = 0
    named: dict[Comparable | None, int] = field(default_factory=dict)


class AskedFor:
    """Conditions at places, found by the words they name."""

    def __init__(self, placed: Iterable[tuple[int, Meaning]]) -> None:
        self._all = 0
        self._fields: dict[str, _Field] = {}
        for place, meaning in placed:
            self._all |= 1 << place
            for name, words in named_words(meaning).items():
                index = self._fields.setdefault(name, _Field())
                index.asking |= 1 << place
                for word in words:
                    index.named[word] = index.named.get(word, 0) | 1 << place

    def wider(self, meaning: Meaning, before: int) -> Iterator[int]:
        """Yield the places before one whose conditions may hold wherever these do."""
        asked = named_words(meaning)
        bits = self._before(before)
        for name, index in self._fields.items():
            allowing = 0
            if words := asked.get(name):
                allowing = index.asking
                for word in words:
                    allowing &= index.named.get(word, 0)
            bits &= ~index.asking | allowing
        return _places(bits)

    def meeting(self, meaning: Meaning, before: int) -> Iterator[int]:
        """Yield the places before one whose conditions may hold together with these."""
        asked = named_words(meaning)
        bits = self._before(before)
        for name, index in self._fields.items():
            if words := asked.get(name):
                allowing = 0
                for word in words:
                    allowing |= index.named.get(word, 0)
                bits &= ~index.asking | allowing
        return _places(bits)

    def _before(self, place: int) -> int:
        return self._all & ((1 << place) - 1)


def named_words(meaning: Meaning) -> dict[str, _Words]:
    """Return the fields of which only some words are allowed, in any alternative, and these."""
    terms = meaning.holds
    if not terms:
        return {}
    found: dict[str, _Words] = {}
    for name in frozenset.intersection(*(frozenset(term) for term in terms)):
        words = [_named(term[name]) for term in terms]
        if None not in words:
            found[name] = frozenset().union(*(one for one in words if one is not None))
    return found


def _named(values: Values) -> _Words | None:
    return values.named


def _places(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        bits ^= lowest
        yield lowest.bit_length() - 1
