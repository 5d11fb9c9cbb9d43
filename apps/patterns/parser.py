r"""Reads a pattern into its syntax tree.

The subset is the part of regular expressions that rule authors use: letters, ``.``, classes
``[A-Z]``, ``\d \w \s`` and their opposites, ``^ $ \b \B``, groups, ``|`` and the repeats
``* + ? {m,n}``. What would need backtracking (references, look-around) is refused, and so is an
endless repeat inside an endless repeat, which is always a slip or an attack.
"""

from __future__ import annotations

from collections.abc import Mapping

from apps.patterns.nodes import (
    Anchor,
    Char,
    CharTest,
    Choice,
    Group,
    Node,
    Repeat,
    Sequence,
    has_endless_repeat,
)

MAX_LENGTH = 200
MAX_COUNT = 50
_MAX_DEPTH = 10

_ANCHORS = {"b": Anchor.WORD_EDGE, "B": Anchor.NO_WORD_EDGE}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}


class PatternError(ValueError):
    """The pattern cannot be used; the message says why and where."""


def is_word(char: str) -> bool:
    r"""Say whether a character belongs to a word, as ``\w`` has it."""
    return char.isalnum() or char == "_"


_CLASSES: Mapping[str, CharTest] = {
    "d": str.isdecimal,
    "D": lambda char: not char.isdecimal(),
    "s": str.isspace,
    "S": lambda char: not char.isspace(),
    "w": is_word,
    "W": lambda char: not is_word(char),
}


def parse(text: str) -> Node:
    """Return the tree of a pattern.

    Raises:
        PatternError: the pattern is malformed, too long, or outside the subset.
    """
    if len(text) > MAX_LENGTH:
        raise PatternError(f"a pattern has at most {MAX_LENGTH} characters")
    reader = _Reader(text)
    node = reader.choice(depth=0)
    if reader.peek():
        raise reader.error("a ')' without its '('")
    return node


class _Reader:
    """A recursive descent reader, one method for each level of binding."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._groups = 0

    def peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def take(self, expected: str = "") -> str:
        """Take one character; with ``expected``, only that one, else nothing."""
        char = self.peek()
        if expected and char != expected:
            return ""
        self._at += len(char)
        return char

    def error(self, reason: str) -> PatternError:
        return PatternError(f"{reason}, at character {self._at + 1}")

    def choice(self, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            raise self.error("groups are nested too deeply")
        options = [self._sequence(depth)]
        while self.take("|"):
            options.append(self._sequence(depth))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom(depth)))
        return Sequence(tuple(parts))

    def _repeated(self, part: Node) -> Node:
        limits = self._limits()
        if limits is None:
            return part
        if isinstance(part, Anchor):
            raise self.error("a repeat needs something to repeat")
        self.take("?")  # A lazy repeat finds the same texts; find() takes the longest.
        low, high = limits
        if high is None and has_endless_repeat(part):
            raise self.error("an endless repeat inside an endless repeat")
        if self.peek() in ("*", "+", "?"):
            raise self.error("a repeat of a repeat")
        return Repeat(part, low, high)

    def _limits(self) -> tuple[int, int | None] | None:
        match self.peek():
            case "*":
                limits: tuple[int, int | None] = (0, None)
            case "+":
                limits = (1, None)
            case "?":
                limits = (0, 1)
            case "{":
                return self._counted()
            case _:
                return None
        self.take()
        return limits

    def _counted(self) -> tuple[int, int | None]:
        self.take()
        low = self._digits()
        high: int | None = low
        if self.take(","):
            high = self._digits() if self.peek() != "}" else None
        if not self.take("}"):
            raise self.error("a count is written {2}, {2,} or {2,5}")
        if high is not None and high < low:
            raise self.error("the count's upper end is below its lower end")
        return low, high

    def _digits(self) -> int:
        digits = ""
        while self.peek().isdecimal():
            digits += self.take()
        if not digits.isascii() or not digits or int(digits) > MAX_COUNT:
            raise self.error(f"a count is a number from 0 to {MAX_COUNT}")
        return int(digits)

    def _atom(self, depth: int) -> Node:
        match char := self.take():
            case "(":
                return self._group(depth)
            case "[":
                return Char(self._class())
            case "\\":
                return self._escape()
            case "^":
                return Anchor.START
            case "$":
                return Anchor.END
            case ".":
                return Char(lambda char: char != "\n")
            case "*" | "+" | "?" | "{":
                raise self.error("a repeat needs something to repeat")
            case _:
                return _literal(char)

    def _group(self, depth: int) -> Node:
        is_silent = bool(self.take("?"))
        if is_silent and not self.take(":"):
            raise self.error("only plain groups '(…)' and '(?:…)' are allowed")
        self._groups += not is_silent
        number = self._groups
        node = self.choice(depth + 1)
        if not self.take(")"):
            raise self.error("a '(' without its ')'")
        return node if is_silent else Group(node, number)

    def _escape(self) -> Node:
        char = self.take()
        if char in _ANCHORS:
            return _ANCHORS[char]
        if char in _CLASSES:
            return Char(_CLASSES[char])
        return _literal(self._plain(char))

    def _plain(self, char: str) -> str:
        if char in _CONTROLS:
            return _CONTROLS[char]
        if not char or char.isalnum():
            raise self.error("an unknown escape or a reference to a group")
        return char

    def _class(self) -> CharTest:
        is_negated = bool(self.take("^"))
        tests: list[CharTest] = []
        while not tests or self.peek() != "]":
            if not self.peek():
                raise self.error("a '[' without its ']'")
            tests.append(self._class_item())
        self.take()
        if is_negated:
            return lambda char: not any(test(char) for test in tests)
        return lambda char: any(test(char) for test in tests)

    def _class_item(self) -> CharTest:
        if self.peek() == "\\" and self._text[self._at + 1 : self._at + 2] in _CLASSES:
            self.take()
            return _CLASSES[self.take()]
        low = self._class_char()
        if self.peek() != "-" or self._text[self._at + 1 : self._at + 2] in ("]", ""):
            return _between(low, low)
        self.take()
        high = self._class_char()
        if high < low:
            raise self.error("a range runs from the lower to the higher character")
        return _between(low, high)

    def _class_char(self) -> str:
        char = self.take()
        if char == "\\":
            char = self._plain(self.take())
        return char


def _literal(char: str) -> Node:
    """Return the node of a character, or of several: the folded form of 'ß' is 'ss'."""
    folded = char.casefold()
    parts = tuple(Char(one.__eq__) for one in folded)
    return parts[0] if len(parts) == 1 else Sequence(parts)


def _between(low: str, high: str) -> CharTest:
    """Return a test for a range that holds small letters for capital ones and back."""
    return lambda char: low <= char <= high or low <= char.upper() <= high
