"""Hides what a message says of people, and keeps its shape.

What is shown is listed, everything else is hidden: a field that some vendor fills with a name
where no standard puts one stays hidden too. A hidden character becomes a dot; separators stay,
so that the structure can still be read. Source: spec 5, patient data; HL7 v2.5.1 chapters 2 to 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DOT = "\N{BULLET}"
_NAME_LENGTH = 3
_DEFAULT_FIELD, _DEFAULT_ENCODING = "|", "^~\\&"

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


@dataclass(frozen=True, slots=True)
class ShownSegment:
    """One line of a message; ``name`` is empty for a line that is no segment."""

    name: str
    fields: tuple[ShownField, ...]
    line: str


def shown_segments(text: str, *, is_open: bool = False) -> list[ShownSegment]:
    """Return a decoded message segment by segment, fit to be shown.

    Args:
        text: one segment a line.
        is_open: whether the viewer may see what it says of people; nothing is hidden then.
    """
    lines = text.split("\n")
    field, encoding = _separators(lines[0] if lines else "")
    return [_segment(line, field, encoding, is_open=is_open) for line in lines if line]


def _separators(header: str) -> tuple[str, str]:
    """Return MSH-1 and MSH-2; the usual ones where the message does not begin with a header."""
    if header[:_NAME_LENGTH] not in ("MSH", "FHS", "BHS") or len(header) <= _NAME_LENGTH:
        return _DEFAULT_FIELD, _DEFAULT_ENCODING
    field = header[_NAME_LENGTH]
    return field, header[_NAME_LENGTH + 1 :].partition(field)[0]


def _segment(line: str, field: str, encoding: str, *, is_open: bool) -> ShownSegment:
    name, separator, _rest = line.partition(field)
    is_segment = len(name) == _NAME_LENGTH and name.isalnum() and bool(separator)
    if not is_segment:
        # The rest of a value that holds a line end, or noise: whose words it is nobody knows.
        shown = line if is_open else _dots(line, "")
        return ShownSegment("", (), shown)
    values = line.split(field)[1:]
    is_header = name in ("MSH", "FHS", "BHS")
    fields = [
        _field(name, number, value, encoding, is_open=is_open)
        for number, value in enumerate(values, start=2 if is_header else 1)
    ]
    return ShownSegment(
        name,
        tuple(one for one in fields if one.value),
        field.join([name, *(one.value for one in fields)]),
    )


def _field(name: str, number: int, value: str, encoding: str, *, is_open: bool) -> ShownField:
    is_hidden = not is_open and bool(value) and number not in _SHOWN.get(name, frozenset())
    shown = _dots(value, encoding) if is_hidden else value
    return ShownField(f"{name}-{number}", shown, is_hidden=is_hidden)


def _dots(value: str, kept: str) -> str:
    return "".join(char if char in kept else DOT for char in value)
