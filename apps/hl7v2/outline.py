"""A message as a tree of names and values, for people: fields, repetitions, components.

It is made from the segments that ``masking`` gives, never from the message itself: what those
hide cannot come back here. Values are unescaped for reading, hidden ones stay dots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from apps.hl7v2.escapes import unescape
from apps.hl7v2.masking import ShownField, ShownSegment
from apps.hl7v2.names import Named, field_named, part_named, segment_name
from apps.hl7v2.separators import Separators

MAX_ROWS = 400
"""How many rows of one segment are made; a field may repeat 65,000 times."""
MAX_VALUE = 2000
"""How many characters of one value are shown in the tree."""
_HEADERS = frozenset({"MSH", "FHS", "BHS"})
_SEPARATOR = Named("ST", "Field separator")
_ENCODING_FIELD = 2
_TEXTS = frozenset({"FT", "TX"})
"""What people wrote for people: an ampersand in it is one."""

Show = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Row:
    """A node of the tree.

    ``at`` names the field that it belongs to within the whole message (segment and field number);
    ``level`` is 1 for a field, then a repetition or component, then what is in it.
    """

    at: str
    level: int
    place: str
    name: str
    value: str
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a segment's line; ``at`` is empty between the fields."""

    text: str
    at: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """One segment: its rows and, beside them, its line in pieces.

    ``name`` is empty for a line that is no segment; ``is_cut`` where it has more rows.
    """

    number: int
    name: str
    title: str
    rows: Sequence[Row]
    pieces: Sequence[Piece]
    is_cut: bool = False


class Outline:
    """Makes branches of a message's segments.

    Args:
        separators: the message's.
        show: makes an unescaped value safe to look at; escapes may spell what cannot be seen.
        decode: reads the bytes of hexadecimal escapes.
    """

    def __init__(
        self,
        separators: Separators,
        *,
        show: Show = str,
        decode: Callable[[bytes], str] | None = None,
    ) -> None:
        self._separators = separators
        self._show = show
        self._decode = decode

    def branch(self, segment: ShownSegment, number: int) -> Branch:
        """Return a segment's branch; ``number`` counts the message's lines from 1."""
        if not segment.name:
            return Branch(number, "", "", (), (Piece(segment.line),))
        rows = tuple(islice(self._rows(segment, number), MAX_ROWS + 1))
        return Branch(
            number,
            segment.name,
            segment_name(segment.name),
            rows[:MAX_ROWS],
            tuple(self._pieces(segment, number)),
            is_cut=len(rows) > MAX_ROWS,
        )

    def _pieces(self, segment: ShownSegment, number: int) -> Iterator[Piece]:
        """Yield the line again, each filled field a piece of its own."""
        between, reached = segment.name, 1 if segment.name in _HEADERS else 0
        for field in segment.fields:
            between += self._separators.field * (field.number - reached)
            yield Piece(between)
            yield Piece(field.value, _at(number, field))
            between, reached = "", field.number
        reached -= segment.name in _HEADERS
        left = segment.line.count(self._separators.field) - reached
        yield Piece(between + self._separators.field * left)

    def _rows(self, segment: ShownSegment, number: int) -> Iterator[Row]:
        if segment.name in _HEADERS:
            place = f"{segment.name}-1"
            yield Row(f"{number}-1", 1, place, _SEPARATOR.name, self._separators.field)
        for field in segment.fields:
            yield from self._field(segment, field, _at(number, field))

    def _field(self, segment: ShownSegment, field: ShownField, at: str) -> Iterator[Row]:
        named = field_named(segment.name, field.number)
        if segment.name == "OBX" and field.place == "OBX-5":
            named = named._replace(data_type=_value_type(segment))
        node = _Node(at, 1, field.place, named, is_hidden=field.is_hidden)
        if segment.name in _HEADERS and field.number == _ENCODING_FIELD:
            yield node.row(field.value)
            return
        repetitions = _split(field.value, self._separators.repetition)
        inner = (self._separators.component, self._separators.subcomponent)
        levels = () if named.data_type in _TEXTS else inner
        if len(repetitions) == 1:
            yield from self._parts(field.value, node, levels)
            return
        yield node.row("")
        for count, text in enumerate(repetitions, 1):
            if text:
                again = node.repetition(f"{field.place}({count})", f"repetition {count}")
                yield from self._parts(text, again, levels)

    def _parts(self, text: str, node: _Node, levels: Sequence[str]) -> Iterator[Row]:
        """Yield a value, or what it is made of."""
        if not any(separator and separator in text for separator in levels):
            yield node.row(text if node.is_hidden else self._value(text))
            return
        yield node.row("")
        for count, part in enumerate(_split(text, levels[0]), 1):
            if part:
                yield from self._parts(part, node.part(count), levels[1:])

    def _value(self, text: str) -> str:
        shown = self._show(unescape(text[: 2 * MAX_VALUE], self._separators, self._decode))
        is_long = len(text) > 2 * MAX_VALUE or len(shown) > MAX_VALUE
        return f"{shown[:MAX_VALUE]}…" if is_long else shown


@dataclass(frozen=True, slots=True)
class _Node:
    """A place in the tree on the way down."""

    at: str
    level: int
    place: str
    named: Named
    is_hidden: bool

    def row(self, value: str) -> Row:
        return Row(
            self.at,
            self.level,
            self.place,
            self.named.name,
            value[:MAX_VALUE] if self.is_hidden else value,
            is_hidden=self.is_hidden and bool(value),
        )

    def part(self, count: int) -> _Node:
        named = part_named(self.named.data_type, count)
        return _Node(self.at, self.level + 1, f"{self.place}.{count}", named, self.is_hidden)

    def repetition(self, place: str, name: str) -> _Node:
        named = Named(self.named.data_type, name)
        return _Node(self.at, self.level + 1, place, named, self.is_hidden)


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator and separator in text else [text]


def _at(number: int, field: ShownField) -> str:
    return f"{number}-{field.number}"


def _value_type(segment: ShownSegment) -> str:
    """Return OBX-2, which says what OBX-5 is."""
    return next((field.value for field in segment.fields if field.place == "OBX-2"), "")
