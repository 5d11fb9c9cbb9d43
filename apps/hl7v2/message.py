"""A message as people and handlers read it: segments, fields, values.

Segments keep their bytes; text, fields and values are made when asked for. Places are counted
from 1, MSH-1 is the field separator itself. Reading a place that does not exist gives an empty
value, and nothing here raises for what a sender wrote, but for a broken MSH.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final

from apps.hl7v2.charset import Charset, Shield, choose_charset, read_msh_18
from apps.hl7v2.escapes import unescape
from apps.hl7v2.paths import Path, parse_path
from apps.hl7v2.segments import header_segment, split_segments, strip_start
from apps.hl7v2.separators import HEADER_NAMES, Separators, read_separators

NULL: Final = '""'
"""An explicit null: the sender says that there is no value, and an old one is to be cleared."""


def is_filled(value: str) -> bool:
    """Return whether there is a value; an explicit null is none."""
    return value not in ("", NULL)


class Dialect:
    """What is needed to read a segment: delimiters and character set."""

    __slots__ = ("charset", "separators")

    def __init__(self, separators: Separators, charset: Charset) -> None:
        self.separators = separators
        self.charset = charset

    def value(self, text: str) -> str:
        """Return the value that an escaped text stands for."""
        if self.separators.escape and self.separators.escape in text:
            return unescape(text, self.separators, self.charset.decode_strictly)
        return text


class Repetition:
    """One repetition of a field."""

    __slots__ = ("_dialect", "text")

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text = text
        self._dialect = dialect

    @property
    def value(self) -> str:
        """Return the whole repetition as one value, its delimiters kept."""
        return self._dialect.value(self.text)

    def beginning(self, chars: int) -> Repetition:
        """Return the repetition cut off after so many characters as they were written."""
        return self if len(self.text) <= chars else Repetition(self.text[:chars], self._dialect)

    def component(self, number: int, subcomponent: int | None = None) -> str:
        """Return a component's value, whole or one sub-component of it."""
        text = _part(self.text, self._dialect.separators.component, number)
        if subcomponent is not None:
            text = _part(text, self._dialect.separators.subcomponent, subcomponent)
        return self._dialect.value(text)


def _part(text: str, separator: str, number: int) -> str:
    if not separator or separator not in text:
        return text if number == 1 else ""
    parts = text.split(separator, number)
    return parts[number - 1] if number <= len(parts) else ""


class Segment:
    """One segment; ``raw`` are its bytes as they came, without the end."""

    def __init__(self, raw: bytes, dialect: Dialect) -> None:
        self.raw = raw
        self.dialect = dialect
        self.name = raw[:3].decode("latin-1")

    def __repr__(self) -> str:
        # The name alone: a segment may hold patient data, and reprs end up in logs.
        return f"<Segment {self.name}>"

    @cached_property
    def fields(self) -> list[str]:
        """Return the fields as text, escapes kept; the index is the field's number."""
        text = self.dialect.charset.decode(self.raw)
        if "\x00" in text:
            text = text.replace("\x00", "")
        separator = self.dialect.separators.field
        parts = text.split(separator)
        if self.raw[:3] in HEADER_NAMES:
            parts.insert(1, separator)
        return parts

    def raw_field(self, field: int) -> bytes:
        """Return a whole field byte for byte as it came; for MSH-3 and later, not MSH-1."""
        separators = self.dialect.separators
        shield = Shield(self.raw, self.dialect.charset.codec, separators)
        parts = shield.raw.split(separators.field.encode("ascii"))
        index = field - 1 if self.raw[:3] in HEADER_NAMES else field
        return shield.restore(parts[index]) if index < len(parts) else b""

    def text(self, field: int) -> str:
        """Return a whole field as it was written, escapes and delimiters kept."""
        fields = self.fields
        return fields[field] if field < len(fields) else ""

    def repetitions(self, field: int, *, most: int = -1) -> list[Repetition]:
        """Return the repetitions of a field in order; none when it is empty.

        Args:
            field: its number.
            most: further ones are left out; -1 for none.
        """
        text = self.text(field)
        if not text:
            return []
        separator = self.dialect.separators.repetition
        if separator not in text or self._is_encoding(field):
            return [Repetition(text, self.dialect)]
        parts = text.split(separator, most)[: most if most >= 0 else None]
        return [Repetition(part, self.dialect) for part in parts]

    def get(self, field: int, component: int = 1, subcomponent: int | None = None) -> str:
        """Return a value of the field's first repetition; the first component unless told."""
        fields = self.fields
        # Most fields are empty, and this is asked some fifty times for each order.
        if field >= len(fields) or not (text := fields[field]):
            return ""
        if field <= 2 and self._is_encoding(field):
            return text if component == 1 else ""
        separators = self.dialect.separators
        text = _part(text, separators.repetition, 1)
        text = _part(text, separators.component, component)
        if subcomponent is not None:
            text = _part(text, separators.subcomponent, subcomponent)
        return self.dialect.value(text)

    def _is_encoding(self, field: int) -> bool:
        return field <= 2 and self.raw[:3] in HEADER_NAMES

    def at(self, path: Path) -> str:
        """Return the value at a place of this segment, whatever segment the place names."""
        if path.repetition is None or path.repetition == 1:
            return self.get(path.field, path.component or 1, path.subcomponent)
        repetitions = self.repetitions(path.field)
        if path.repetition > len(repetitions):
            return ""
        return repetitions[path.repetition - 1].component(path.component or 1, path.subcomponent)


class Message:
    """A parsed message.

    ``flags`` holds what was read leniently: ``charset`` when the bytes do not fit MSH-18,
    ``nul`` when it holds NUL bytes.

    Args:
        raw: the message, without framing.
        fallback: the character set that its sender is known to write, as MSH-18 names it.

    Raises:
        FieldError: there is no usable MSH.
    """

    def __init__(self, raw: bytes, *, fallback: bytes = b"") -> None:
        message = strip_start(raw)
        header = header_segment(message)
        separators = read_separators(header)
        field = separators.field.encode("ascii")
        msh_18 = read_msh_18(header, separators)
        charset = choose_charset(message, msh_18, separators.repetition.encode("ascii"), fallback)
        self.dialect = Dialect(separators, charset)
        shield = Shield(message, charset.codec, separators)
        self.segments = [
            Segment(shield.restore(part), self.dialect)
            for part in split_segments(shield.raw, field)
        ]
        self.flags = tuple(
            name
            for name, is_set in (("charset", charset.is_lenient), ("nul", b"\x00" in message))
            if is_set
        )

    @property
    def separators(self) -> Separators:
        """Return the message's delimiters."""
        return self.dialect.separators

    @property
    def header(self) -> Segment:
        """Return the MSH."""
        return self.segments[0]

    def all(self, name: str) -> Iterator[Segment]:
        """Return the segments of a name, in order."""
        return (segment for segment in self.segments if segment.name == name)

    def first(self, name: str) -> Segment | None:
        """Return the first segment of a name."""
        return next(self.all(name), None)

    def get(self, path: str) -> str:
        """Return the value at a place in the first segment of its name.

        A level that the path leaves out is the first one, but for the last: ``OBR-4.2`` is the
        whole component, ``PID-3.4.1`` one sub-component of it.

        Raises:
            PathError: the path is not written as one.
        """
        place = parse_path(path)
        segment = self.first(place.segment)
        return segment.at(place) if segment else ""

    def values(self, path: str) -> list[str]:
        """Return the filled values at a place in every segment of its name.

        Without a repetition in the path every repetition counts.

        Raises:
            PathError: the path is not written as one.
        """
        place = parse_path(path)
        found = (value for segment in self.all(place.segment) for value in _each(segment, place))
        return [value for value in found if is_filled(value)]


def _each(segment: Segment, path: Path) -> list[str]:
    if path.repetition is not None:
        return [segment.at(path)]
    return [
        repetition.component(path.component or 1, path.subcomponent)
        for repetition in segment.repetitions(path.field)
    ]
