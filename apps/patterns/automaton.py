"""The automaton of a pattern: Thompson's, with states by number."""

from __future__ import annotations

from enum import IntEnum

from apps.patterns.nodes import Anchor, Char, CharTest, Choice, Group, Node, Repeat, Sequence
from apps.patterns.parser import PatternError, is_word

_MAX_STATES = 400


class Side(IntEnum):
    """What lies on one side of a place: the text's edge, a word character or another."""

    EDGE = 0
    WORD = 1
    OTHER = 2


def side_of(char: str) -> Side:
    """Return what a character is to the places beside it."""
    return Side.WORD if is_word(char) else Side.OTHER


def holds(anchor: Anchor, before: Side, after: Side) -> bool:
    """Return whether an anchor holds at a place between these sides."""
    match anchor:
        case Anchor.START:
            return before is Side.EDGE
        case Anchor.END:
            return after is Side.EDGE
        case Anchor.WORD_EDGE:
            return (before is Side.WORD) != (after is Side.WORD)
        case _:
            return (before is Side.WORD) == (after is Side.WORD)


class Automaton:
    """States by number; 0 accepts. A state either tests a character or moves on freely.

    Where several ways are free the first is the preferred one. ``opens`` and ``closes`` are the
    states at which the first group begins and ends.
    """

    def __init__(self, node: Node) -> None:
        self.tests: dict[int, tuple[CharTest, int]] = {}
        self.free: dict[int, list[int]] = {0: []}
        self.anchored: dict[int, tuple[Anchor, int]] = {}
        self.opens: set[int] = set()
        self.closes: set[int] = set()
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
            case Group(part, number):
                return self._build_group(part, number, following)
            case _:
                return self._build_repeat(node, following)

    def _build_group(self, part: Node, number: int, following: int) -> int:
        """Mark where the first group begins and ends; the others only hold together."""
        if number != 1:
            return self._build(part, following)
        end = self._new(following)
        begin = self._new(self._build(part, end))
        self.opens.add(begin)
        self.closes.add(end)
        return begin

    def _build_repeat(self, node: Repeat, following: int) -> int:
        if node.high is None:
            again = self._new(following)
            self.free[again].insert(0, self._build(node.part, again))
            following = again
        else:
            end = following
            for _ in range(node.high - node.low):
                following = self._new(self._build(node.part, following), end)
        for _ in range(node.low):
            following = self._build(node.part, following)
        return following

    def reach(self, states: frozenset[int], before: Side, after: Side) -> set[int]:
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
                if holds(anchor, before, after):
                    waiting.append(following)
        return reached
