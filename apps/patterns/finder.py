"""Finds the part of a text that a pattern's first group takes, in one walk over the text.

All ways through the automaton are followed side by side, the preferred one first, each with the
places at which it began and ended the group; of ways that meet in a state the preferred one
stays. So a text costs at most its length times the number of states, whatever the pattern.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from apps.patterns.automaton import Automaton, Side, holds, side_of


class _Way(NamedTuple):
    """Where a way through the automaton began, and where its group did; -1: not yet."""

    start: int
    opened: int = -1
    closed: int = -1


def find(automaton: Automaton, text: str) -> str | None:
    """Return the text of the first group, of the whole where the pattern has none, or None."""
    walk = _Walk(automaton)
    for char, place in _folded(text):
        walk.reach(place, side_of(char))
        walk.step(char)
        if walk.is_over:
            break
    else:
        walk.reach(len(text), Side.EDGE)
    return walk.text_of(text)


def _folded(text: str) -> Iterator[tuple[str, int]]:
    """Give each folded character with its place; one may fold to two, as ``ß`` does."""
    for place, char in enumerate(text):
        for one in char.casefold():
            yield one, place


class _Walk:
    """The ways that are open at one place of the text."""

    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton
        self._ways: dict[int, _Way] = {}
        self._before = Side.EDGE
        self._found: _Way | None = None
        self._end = 0

    @property
    def is_over(self) -> bool:
        """Return whether no way can find anything better."""
        return self._found is not None and not self._ways

    def reach(self, place: int, after: Side) -> None:
        """Follow the free ways between two characters; those behind one that accepts end."""
        if self._found is None:
            self._ways.setdefault(self._automaton.start, _Way(place))
        reached: dict[int, _Way] = {}
        for state, way in self._ways.items():
            if self._follow(state, way, reached, place, after):
                self._found, self._end = reached[0], place
                break
        self._ways = reached
        self._before = after

    def step(self, char: str) -> None:
        """Take the ways over one character."""
        tests, following = self._automaton.tests, dict[int, _Way]()
        for state, way in self._ways.items():
            test = tests.get(state)
            if test is not None and test[0](char):
                following.setdefault(test[1], way)
        self._ways = following

    def text_of(self, text: str) -> str | None:
        """Return what was found."""
        if self._found is None:
            return None
        start, opened, closed = self._found
        if not self._automaton.opens:
            return text[start : self._end]
        return text[opened:closed] if 0 <= opened <= closed else None

    def _follow(
        self, state: int, way: _Way, reached: dict[int, _Way], place: int, after: Side
    ) -> bool:
        """Walk in depth, the preferred way first; return whether it accepts."""
        waiting = [(state, way)]
        while waiting:
            state, way = waiting.pop()
            if state in reached:
                continue
            way = self._marked(state, way, place)
            reached[state] = way
            if state == 0:
                return True
            waiting.extend((free, way) for free in reversed(self._free(state, after)))
        return False

    def _marked(self, state: int, way: _Way, place: int) -> _Way:
        if state in self._automaton.opens:
            return way._replace(opened=place, closed=-1)
        return way._replace(closed=place) if state in self._automaton.closes else way

    def _free(self, state: int, after: Side) -> list[int]:
        anchored = self._automaton.anchored.get(state)
        if anchored is None:
            return self._automaton.free[state]
        return [anchored[1]] if holds(anchored[0], self._before, after) else []
