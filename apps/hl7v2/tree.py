"""A message as a tree for pages and tools, through the PyPI package ``hl7``.

Too slow for the way of an order; there ``message`` reads. Here a second opinion is welcome.
"""

from __future__ import annotations

from dataclasses import dataclass

import hl7

from apps.hl7v2.message import Message


@dataclass(frozen=True, slots=True)
class FieldNode:
    """A field that holds something: its number and, per repetition, the component texts."""

    number: int
    repetitions: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class SegmentNode:
    """A segment with its filled fields, in order."""

    name: str
    fields: tuple[FieldNode, ...]


def parse_tree(raw: bytes) -> tuple[SegmentNode, ...]:
    """Return the message's segments in order.

    Raises:
        FieldError: there is no usable MSH.
    """
    message = Message(raw)
    text = "\r".join(message.dialect.charset.decode(segment.raw) for segment in message.segments)
    return tuple(_segment_node(segment) for segment in hl7.parse(text))


def _segment_node(segment: hl7.Segment) -> SegmentNode:
    name = str(segment[0])
    fields = (_field_node(number, field) for number, field in enumerate(segment) if number)
    return SegmentNode(name, tuple(node for node in fields if any(map(any, node.repetitions))))


def _field_node(number: int, field: hl7.Field) -> FieldNode:
    repetitions = tuple(
        tuple(str(part) for part in repetition)
        if isinstance(repetition, hl7.Repetition)
        else (str(repetition),)
        for repetition in field
    )
    return FieldNode(number, repetitions)
