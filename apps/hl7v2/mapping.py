"""A sender's mapping, compiled once: which places are looked at for which fact.

What a place says of an order group is read here too: the value at the path, a word of it, what a
pattern takes out of it, or a fixed value that was never sent. Source: spec 1, table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from apps.hl7v2.message import NULL, Repetition, Segment, is_filled
from apps.hl7v2.paths import Path
from apps.hl7v2.places import (
    DEFAULT_FACTS,
    MAX_MATCHED,
    PROCEDURE,
    Candidate,
    FactMap,
    Place,
    is_own,
    parse_place,
)

_CODED_FIELDS = {"type": 2, "code": 3}
# Type and code stand at an OBX's beginning; a report or a picture may follow, megabytes long.
_CODED_WITHIN = 1000
_FAR = frozenset(range(4, 100))
"""Components behind the usual three, which hardly any sender fills."""
_Words = Mapping[str, str]


@dataclass(frozen=True)
class FactMapping:
    """Places by fact, and the sender's own words by fact, in upper case.

    ``words`` has urgency, modality, body_part and site; what it lacks is looked up in the common
    vocabularies.
    """

    places: Mapping[str, tuple[Place, ...]]
    words: Mapping[str, _Words] = field(default_factory=dict)

    @cached_property
    def system_places(self) -> frozenset[str]:
        """Return where coding systems of procedures are looked for."""
        return frozenset(place.text for place in self.places["procedure_system"])

    def words_of(self, fact: str) -> _Words:
        """Return the sender's own words of a fact."""
        return self.words.get(fact, {})


def compile_mapping(
    facts: FactMap | None = None, words: Mapping[str, Mapping[str, object]] | None = None
) -> FactMapping:
    """Return a mapping that is quick to read with; facts left out have their usual places.

    Fields of the sender's own come last, in the order of their names.

    Raises:
        PathError: a place is not written as one; see ``check_facts``.
    """
    places = {
        fact: tuple(map(parse_place, (facts or {}).get(fact) or usual))
        for fact, usual in DEFAULT_FACTS.items()
    }
    places |= {
        fact: tuple(map(parse_place, listed))
        for fact, listed in sorted((facts or {}).items())
        if is_own(fact) and listed
    }
    own = {
        fact: {str(word).strip().upper(): str(meaning) for word, meaning in meanings.items()}
        for fact, meanings in (words or {}).items()
        if meanings
    }
    return FactMapping(places, own)


@lru_cache(maxsize=1)
def default_mapping() -> FactMapping:
    """Return the mapping of a sender that nobody has described."""
    return compile_mapping()


class Finder:
    """Reads places of one order group, or of a whole message.

    Args:
        first: gives the first segment of a name in force there.
        every: gives all of them.
    """

    __slots__ = ("_every", "_first", "_firsts")

    def __init__(
        self,
        first: Callable[[str], Segment | None],
        every: Callable[[str], Iterator[Segment]],
    ) -> None:
        self._first = first
        self._every = every
        self._firsts: dict[str, Segment | None] = {}

    def first(self, name: str) -> Segment | None:
        """Return the first segment of a name; found once."""
        try:
            return self._firsts[name]
        except KeyError:
            found = self._firsts[name] = self._first(name)
            return found

    def candidates(self, places: tuple[Place, ...]) -> tuple[Candidate, ...]:
        """Return the filled places with their values, in order of preference."""
        found: list[Candidate] = []
        firsts = self._firsts
        for place in places:
            path, kind = place.path, place.kind
            if not kind:
                # Most fields are empty, and each group is asked for some fifty of them.
                name, number = path.segment, path.field
                segment = firsts[name] if name in firsts else self.first(name)
                if segment is None or number >= len(segment.fields) or not segment.fields[number]:
                    continue
                if path.component in _FAR and _is_without(segment, path):
                    continue
                if (value := segment.at(path).strip()) and value != NULL:
                    found.append(Candidate(place.text, value))
            elif kind == "procedure":
                found.append(Candidate(PROCEDURE, ""))
            elif value := self.value(place):
                found.append(Candidate(place.text, value))
        return tuple(found)

    def value(self, place: Place) -> str:
        """Return what a place says, empty for nothing; an explicit null is nothing."""
        kind = place.kind
        if kind == "fixed":
            return place.words[0]
        path = place.path
        segment = self.segment_of(place) if kind else self.first(path.segment)
        if segment is None:
            return ""
        value = segment.at(path).strip()
        if not value:
            return ""
        if kind in ("word", "match"):
            value = _narrowed(value, place)
        return value if value != NULL else ""

    def segment_of(self, place: Place) -> Segment | None:
        """Return the segment that a place speaks of."""
        if place.kind in _CODED_FIELDS:
            return next(self.coded(place), None)
        return self.first(place.path.segment) if place.path.segment else None

    def coded(self, place: Place) -> Iterator[Segment]:
        """Return the OBX that a place with ``[type ...]`` or ``[code ...]`` means."""
        number = _CODED_FIELDS[place.kind]
        # The bytes first: a message may hold 100,000 OBX, and hardly any has the code.
        sought = place.words[0].encode() if len(place.words) == 1 else b""
        return (
            segment
            for segment in self._every("OBX")
            if sought in segment.raw[:_CODED_WITHIN].upper()
            and segment.get(number).strip().upper() in place.words
        )

    def segments(self, place: Place) -> Iterator[Segment]:
        """Return every segment that a place speaks of."""
        return (
            self.coded(place) if place.kind in _CODED_FIELDS else self._every(place.path.segment)
        )

    def repetitions(self, places: tuple[Place, ...]) -> list[Repetition]:
        """Return the repetitions of the first place that has any filled."""
        for place in places:
            segment = self.segment_of(place)
            found = segment.repetitions(place.path.field) if segment else []
            if any(is_filled(repetition.text) for repetition in found):
                return found
        return []


def _is_without(segment: Segment, path: Path) -> bool:
    """Return whether a field has too few components for a path; cheap."""
    separator = segment.dialect.separators.component
    return segment.fields[path.field].count(separator) < (path.component or 1) - 1


def _narrowed(value: str, place: Place) -> str:
    if place.kind == "word":
        words, number = value.split(), int(place.words[0])
        return words[number - 1] if number <= len(words) else ""
    assert place.pattern is not None  # noqa: S101 -- parse_place gives every match one
    return (place.pattern.find(value[:MAX_MATCHED]) or "").strip()
