"""The syntax tree of a pattern."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

CharTest = Callable[[str], bool]


class Anchor(Enum):
    """A condition on a place between two characters."""

    START = "^"
    END = "$"
    WORD_EDGE = r"\b"
    NO_WORD_EDGE = r"\B"


@dataclass(frozen=True, slots=True)
class Char:
    """One character that passes the test; characters arrive casefolded."""

    test: CharTest


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts that follow one another; none at all matches the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any one of the options."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part at least ``low`` and at most ``high`` times; ``high`` None has no end."""

    part: Node
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """A part whose text can be asked for: ``(…)``, not ``(?:…)``; counted from 1."""

    part: Node
    number: int


Node = Char | Sequence | Choice | Repeat | Anchor | Group


def has_endless_repeat(node: Node) -> bool:
    """Say whether the node holds a repeat without an end."""
    match node:
        case Repeat(part, _, high):
            return high is None or has_endless_repeat(part)
        case Group(part, _):
            return has_endless_repeat(part)
        case Sequence(parts) | Choice(parts):
            return any(has_endless_repeat(part) for part in parts)
        case _:
            return False
