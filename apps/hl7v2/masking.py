"""Hides what a message says of people, and keeps its shape.

What is shown is listed, everything else is hidden: a field that some vendor fills with a name
where no standard puts one stays hidden too. A hidden character becomes a dot; separators stay,
so that the structure can still be read. Source: spec 5, patient data; HL7 v2.5.1 chapters 2 to 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.hl7v2.errors import FieldError
from apps.hl7v2.separators import DEFAULT_SEPARATORS, Separators, read_separators

DOT = "\N{BULLET}"
_NAME_LENGTH = 3
_LONGEST_START = 16
_HEADERS = frozenset({"MSH", "FHS", "BHS"})

_SHOWN: Mapping[str, frozenset[int]] = {
    # Without MSH-8 (security) and whoever is named further behind.
    "MSH": frozenset({*range(1, 8), *range(9, 13), *range(15, 19)}),
    "FHS": frozenset(range(1, 13)),
    "BHS": frozenset(range(1, 13)),
    "MSA": frozenset({1, 2}),
    "ERR": frozenset({1, 2, 3, 4, 5}),
    "EVN": frozenset({1, 2, 3, 4}),
    "PID": frozenset({1}),
    "PV1": frozenset({1, 2}),
    "ORC": frozenset({1, 2, 3, 4, 5, 7, 8, 9, 15}),
    "OBR": frozenset({1, 2, 3, 4, 5, 6, 7, 15, 18, 19, 22, 24, 25, 27, 36, 44}),
    "OBX": frozenset({1, 2, 3, 4, 11}),
    "NTE": frozenset({1, 2}),
    "TQ1": frozenset({1, 7, 8, 9}),
    "IPC": frozenset({1, 2, 3, 4, 5, 6}),
    "ZDS": frozenset({1}),
    "ZRD": frozenset({1, 2, 3, 4, 5}),
    # The radiologist that the message tells of, and why.
    "ZRA": frozenset({1, 2, 3, 4, 5}),
}


@dataclass(frozen=True, slots=True)
class ShownField:
    """One field of a segment as it may be shown; ``place`` is such as ``OBR-4``."""

    place: str
    value: str
    is_hidden: bool

    @property
    def number(self) -> int:
        """Return the field's number."""
        return int(self.place[_NAME_LENGTH + 1 :])


@dataclass(frozen=True, slots=True)
class ShownSegment:
    """One line of a message; ``name`` is empty for a line that is no segment."""

    name: str
    fields: tuple[ShownField, ...]
    line: str


def is_told(segment: str, field: int) -> bool:
    """Return whether a field is shown before a message is opened."""
    return field in _SHOWN.get(segment, frozenset())


def shown_segments(
    text: str, *, is_open: bool = False, header: str | None = None
) -> list[ShownSegment]:
    """Return a decoded message segment by segment, fit to be shown.

    Args:
        text: one segment a line.
        is_open: whether the viewer may see what it says of people; nothing is hidden then.
        header: the message's first line, where the text is a later part of it.
    """
    lines = text.split("\n")
    separators = separators_of(lines[0] if header is None else header)
    return [_segment(line, separators, is_open=is_open) for line in lines if line]


def separators_of(header: str) -> Separators:
    """Return what a first line declares; the usual delimiters where it declares no usable ones.

    Only real delimiters are kept when a value is hidden: a letter that a broken MSH-2 calls one
    would show through the dots.
    """
    if header[:_NAME_LENGTH] not in _HEADERS:
        return DEFAULT_SEPARATORS
    try:
        return read_separators(header[:_LONGEST_START].encode("latin-1", "replace"))
    except FieldError:
        return DEFAULT_SEPARATORS


def _segment(line: str, separators: Separators, *, is_open: bool) -> ShownSegment:
    name, separator, _rest = line.partition(separators.field)
    is_segment = len(name) == _NAME_LENGTH and name.isalnum() and bool(separator)
    if not is_segment:
        # The rest of a value that holds a line end, or noise: whose words it is nobody knows.
        shown = line if is_open else _dots(line, "")
        return ShownSegment("", (), shown)
    values = line.split(separators.field)[1:]
    fields = [
        _field(name, number, value, separators.encoding, is_open=is_open)
        for number, value in enumerate(values, start=2 if name in _HEADERS else 1)
    ]
    return ShownSegment(
        name,
        tuple(one for one in fields if one.value),
        separators.field.join([name, *(one.value for one in fields)]),
    )


def _field(name: str, number: int, value: str, encoding: str, *, is_open: bool) -> ShownField:
    is_hidden = not is_open and bool(value) and number not in _SHOWN.get(name, frozenset())
    shown = _dots(value, encoding) if is_hidden else value
    return ShownField(f"{name}-{number}", shown, is_hidden=is_hidden)


def _dots(value: str, kept: str) -> str:
    return "".join(char if char in kept else DOT for char in value)
