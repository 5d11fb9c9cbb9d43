"""Why the exam is made, in the sender's words: OBX-5, OBR-13, OBR-31. Source: spec 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apps.hl7v2.groups import Group
from apps.hl7v2.message import Repetition, Segment, is_filled
from apps.hl7v2.places import Place, parse_place

MAX_INDICATION_BYTES = 4096
_CODED_TYPES = frozenset({"CE", "CWE"})


def read_indication(group: Group, places: Sequence[str]) -> str:
    """Return the text of the first place that has any, one value a line, at most 4 KB.

    Raises:
        PathError: a place is not written as one.
    """
    for text in places:
        lines = list(_lines(group, parse_place(text)))
        if lines:
            return _cut("\n".join(lines), MAX_INDICATION_BYTES)
    return ""


def matching_obx(group: Group, place: Place) -> Iterator[Segment]:
    """Return the group's OBX that a place with ``[type ...]`` or ``[code ...]`` means."""
    field = 2 if place.kind == "type" else 3
    return (
        segment
        for segment in group.segments
        if segment.name == "OBX" and segment.get(field).strip().upper() in place.words
    )


def _lines(group: Group, place: Place) -> Iterator[str]:
    size = 0
    is_obx = place.kind in ("type", "code")
    for segment in matching_obx(group, place) if is_obx else group.all(place.path.segment):
        for repetition in segment.repetitions(place.path.field):
            line = _line(segment, repetition, place)
            if line:
                yield line
                size += len(line)
            if size > MAX_INDICATION_BYTES:
                return


def _line(segment: Segment, repetition: Repetition, place: Place) -> str:
    if place.path.component is not None:
        text = repetition.component(place.path.component, place.path.subcomponent)
    elif segment.name == "OBX" and segment.get(2).strip().upper() not in _CODED_TYPES:
        text = repetition.value
    elif segment.name == "OBX" or repetition.component(2):
        text = repetition.component(2) or repetition.component(1)
    else:
        text = repetition.component(1)
    text = text.strip()
    return text if is_filled(text) else ""


def _cut(text: str, size: int) -> str:
    """Return as many whole characters as fit into ``size`` bytes of UTF-8."""
    return text.encode("utf-8", "replace")[:size].decode("utf-8", "ignore")
