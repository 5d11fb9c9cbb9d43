"""Searches a text in time linear in its length, whatever the pattern.

A pattern becomes a Thompson automaton whose sets of states are turned, as the text asks for
them, into the states of a deterministic one. Rules are written by people and run against text
that arrives from outside, so a backtracking search would let one slip, or one sender, stop the
decisions of a whole department.
"""

from __future__ import annotations

from enum import IntEnum

from apps.engine.patterns.nodes import Anchor, Char, CharTest, Choice, Node, Repeat, Sequence
from apps.engine.patterns.parser import PatternError, is_word, parse

_MAX_STATES = 400
_MAX_REMEMBERED = 5_000
_ACCEPTED = -1


class _Side(IntEnum):
    """What lies on one side of a place: the text's edge, a word character or another."""

    EDGE = 0
    WORD = 1
    OTHER = 2


def _side(char: str) -> _Side:
    return _Side.WORD if is_word(char) else _Side.OTHER


def _holds(anchor: Anchor, before: _Side, after: _Side) -> bool:
    match anchor:
        case Anchor.START:
            return before is _Side.EDGE
        case Anchor.END:
            return after is _Side.EDGE
        case Anchor.WORD_EDGE:
            return (before is _Side.WORD) != (after is _Side.WORD)
        case _:
            return (before is _Side.WORD) == (after is _Side.WORD)


class _Automaton:
    """States by number; 0 accepts. A state either tests a character or moves on freely."""

    def __init__(self, node: Node) -> None:
        self.tests: dict[int, tuple[CharTest, int]] = {}
        self.free: dict[int, list[int]] = {0: []}
        self.anchored: dict[int, tuple[Anchor, int]] = {}
        self.start = self._build(node, 0)

    def _new(self, *following: int) -> int:
        state = len(self.free)
        if state >= _MAX_STATES:
            raise PatternError("the pattern is too large; use smaller counts")
        self.free[state] = list(following)
        return state

    def _build(self, node: Node, following: int) -> int:
        """Return the state from which the node leads to ``following``."""
        match node:
            case Char(test):
                state = self._new()
                self.tests[state] = (test, following)
                return state
            case Anchor():
                state = self._new()
                self.anchored[state] = (node, following)
                return state
            case Sequence(parts):
                for part in reversed(parts):
                    following = self._build(part, following)
                return following
            case Choice(options):
                return self._new(*(self._build(option, following) for option in options))
            case _:
                return self._build_repeat(node, following)

    def _build_repeat(self, node: Repeat, following: int) -> int:
        if node.high is None:
            again = self._new(following)
            self.free[again].append(self._build(node.part, again))
            following = again
        else:
            end = following
            for _ in range(node.high - node.low):
                following = self._new(end, self._build(node.part, following))
        for _ in range(node.low):
            following = self._build(node.part, following)
        return following

    def reach(self, states: frozenset[int], before: _Side, after: _Side) -> set[int]:
        """Return every state that can be reached between two characters."""
        reached: set[int] = set()
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            if state in reached:
                continue
            reached.add(state)
            waiting.extend(self.free[state])
            if state in self.anchored:
                anchor, following = self.anchored[state]
                if _holds(anchor, before, after):
                    waiting.append(following)
        return reached


class Pattern:
    """A compiled pattern; ``search`` ignores case and finds it anywhere in the text."""

    def __init__(self, text: str) -> None:
        self._automaton = _Automaton(parse(text))
        self._forget()

    def _forget(self) -> None:
        """Start over with the first state alone, so that memory stays bounded."""
        first = (frozenset({self._automaton.start}), _Side.EDGE)
        self._states: list[tuple[frozenset[int], _Side]] = [first]
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
        return 0 in self._automaton.reach(states, before, _Side.EDGE)

    def _move(self, state: int, char: str) -> int:
        states, before = self._states[state]
        side = _side(char)
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
