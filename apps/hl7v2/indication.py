"""Why the exam is made, in the sender's words: OBX-5, OBR-13, OBR-31. Source: spec 1."""

from __future__ import annotations

from collections.abc import Iterator

from apps.hl7v2.mapping import Finder
from apps.hl7v2.message import Repetition, Segment, is_filled
from apps.hl7v2.places import Place

MAX_INDICATION_BYTES = 4096
# Of a field of ten megabytes nobody reads more; to look at all of it would take seconds.
_MOST_REPETITIONS = 4096
_MOST_CHARS = 16 * MAX_INDICATION_BYTES
_CODED_TYPES = frozenset({"CE", "CWE"})


def read_indication(finder: Finder, places: tuple[Place, ...]) -> str:
    """Return the text of the first place that has any, one value a line, at most 4 KB."""
    for place in places:
        lines = list(_lines(finder, place))
        if lines:
            return _cut("\n".join(lines), MAX_INDICATION_BYTES)
    return ""


def _lines(finder: Finder, place: Place) -> Iterator[str]:
    if place.kind in ("fixed", "word", "match"):
        value = finder.value(place)
        yield from [value] if value else []
        return
    size = 0
    for segment in finder.segments(place):
        for repetition in segment.repetitions(place.path.field, most=_MOST_REPETITIONS):
            line = _line(segment, repetition.beginning(_MOST_CHARS), place)
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
