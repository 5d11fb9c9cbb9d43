"""Searches a text in time linear in its length, whatever the pattern.

A pattern becomes a Thompson automaton whose sets of states are turned, as the text asks for
them, into the states of a deterministic one. Rules are written by people and run against text
that arrives from outside, so a backtracking search would let one slip, or one sender, stop the
decisions of a whole department.
"""

from __future__ import annotations

from apps.patterns.automaton import Automaton, Side, side_of
from apps.patterns.finder import find
from apps.patterns.parser import parse

_MAX_REMEMBERED = 5_000
_ACCEPTED = -1
_REMEMBERED_TEXTS = 1_000
_REMEMBERED_LENGTH = 100


class Pattern:
    """A compiled pattern; ``search`` ignores case and finds it anywhere in the text."""

    def __init__(self, text: str) -> None:
        self._automaton = Automaton(parse(text))
        self._found: dict[str, str | None] = {}
        self._forget()

    def _forget(self) -> None:
        """Start over with the first state alone, so that memory stays bounded."""
        first = (frozenset({self._automaton.start}), Side.EDGE)
        self._states: list[tuple[frozenset[int], Side]] = [first]
        self._numbers = {first: 0}
        self._moves: dict[tuple[int, str], int] = {}

    def search(self, text: str) -> bool:
        """Say whether the pattern occurs in the text."""
        if len(self._moves) > _MAX_REMEMBERED:
            self._forget()
        state = 0
        moves = self._moves
        for char in text.casefold():
            following = moves.get((state, char))
            if following is None:
                following = moves[state, char] = self._move(state, char)
            if following == _ACCEPTED:
                return True
            state = following
        states, before = self._states[state]
        return 0 in self._automaton.reach(states, before, Side.EDGE)

    def find(self, text: str) -> str | None:
        """Return the first text that the pattern finds, its first group where it has one.

        None where it finds nothing, or where its group took no part. The earliest place counts,
        and there the longest repeat. Takes time linear in the text's length.
        """
        if text in self._found:
            return self._found[text]
        # Which ways there are is followed only where there is one; the search is far quicker.
        found = find(self._automaton, text) if self.search(text) else None
        if len(text) <= _REMEMBERED_LENGTH:
            if len(self._found) >= _REMEMBERED_TEXTS:
                self._found.clear()
            self._found[text] = found
        return found

    def _move(self, state: int, char: str) -> int:
        states, before = self._states[state]
        side = side_of(char)
        reached = self._automaton.reach(states, before, side)
        if 0 in reached:
            return _ACCEPTED
        tests = self._automaton.tests
        passed = {tests[s][1] for s in reached if s in tests and tests[s][0](char)}
        following = (frozenset(passed | {self._automaton.start}), side)
        if following not in self._numbers:
            self._numbers[following] = len(self._states)
            self._states.append(following)
        return self._numbers[following]


def compile_pattern(text: str) -> Pattern:
    """Return the pattern, ready to search.

    Raises:
        PatternError: the pattern is malformed, too large, or outside the subset.
    """
    return Pattern(text)
