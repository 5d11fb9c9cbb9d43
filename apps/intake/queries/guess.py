"""What a sender's unknown code most likely means: a procedure of the table, or a new one."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from apps.engine.vocabulary import specialty_for
from apps.intake.queries.likeness import WITHOUT, Likeness, read_likeness

LIKELY = 0.6
"""Below it a procedure is too far away to be proposed."""
_CLOSE = 0.85


class Entry(NamedTuple):
    """A procedure of the table."""

    id: int
    code: str
    description: str
    modality: str
    body_part: str

    def __str__(self) -> str:
        return f"{self.code} {self.description}"


@dataclass(frozen=True, slots=True)
class Guess:
    """A proposal with its reason in words.

    ``entry`` is None for a new procedure of this modality, body part and subspecialty. ``key``
    is the same for new procedures that would be the same.
    """

    entry: Entry | None
    score: float
    reason: str
    modality: str
    body_part: str
    key: tuple[object, ...]

    @property
    def subspecialty(self) -> str:
        """Return the subspecialty that a new procedure gets."""
        return specialty_for(self.modality, self.body_part)

    @property
    def is_close(self) -> bool:
        """Return whether nothing speaks against it."""
        return self.score >= _CLOSE


class Table:
    """The procedure table, ready to be compared with."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Sort the procedures by where they belong."""
        self._by_place: dict[tuple[str, str], list[tuple[Entry, Likeness]]] = defaultdict(list)
        for entry in entries:
            like = read_likeness(
                entry.description,
                code=entry.code,
                modality=entry.modality,
                body_part=entry.body_part,
            )
            # What the table calls imaging is imaging, whatever its words.
            like = like or Likeness(entry.modality, entry.body_part, entry.modality)
            self._by_place[like.family, like.place].append((entry, like))

    def guesses(self, said: Likeness | None, *, most: int = 5) -> Sequence[Guess]:
        """Return procedures that it may be, best first, then the new one that its words describe.

        Args:
            said: as ``read_likeness`` reads it; what is no imaging has no guess.
            most: how many procedures of the table.
        """
        if said is None:
            return []
        near = self._by_place.get((said.family, said.place), ())
        scored = ((_score(said, like), entry, like) for entry, like in near)
        likely = [found for found in scored if found[0] >= LIKELY]
        best = heapq.nsmallest(most, likely, key=lambda found: (-found[0], found[1].code))
        return [*(_known(said, *found) for found in best), _new(said)]


def _known(said: Likeness, score: float, entry: Entry, like: Likeness) -> Guess:
    return Guess(entry, score, _why(said, like), entry.modality, entry.body_part, ())


def _score(said: Likeness, like: Likeness) -> float:
    """Return how near two procedures of one modality and place are; 0: something contradicts."""
    if said.kinds != like.kinds:
        return 0.0
    score = 0.55 if said.places == like.places else 0.25
    score += 0.15 if said.part == like.part else 0.1
    for weight, one, other in zip(_WEIGHTS, said.aims.each, like.aims.each, strict=True):
        if one and other and one != other:
            return 0.0
        score += weight if one == other else weight * _SILENT
    if like.aims.contrast == _PLAIN and not said.aims.contrast:
        # Who is silent about contrast mostly means none.
        score += 0.01
    return score + 0.1 * _overlap(said.words, like.words)


_WEIGHTS = (0.1, 0.05, 0.03, 0.02)
_SILENT = 0.3
_PLAIN = frozenset({WITHOUT})


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of words in common (Dice); 1 where neither has any."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0


def _why(said: Likeness, like: Likeness) -> str:
    """Return in words what speaks for it, and what is left open."""
    aims = list(zip(said.aims.each, like.aims.each, strict=True))
    agreed = [like.modality, *sorted(said.places & like.places), *sorted(said.kinds)]
    agreed += [word for one, other in aims for word in sorted(one & other)]
    reason = f"same {', '.join(filter(None, agreed))}"
    shared = sorted(said.words & like.words)
    if shared:
        reason += f"; both say {', '.join(shared[:4])}"
    more = sorted(said.places ^ like.places)
    if more:
        reason += f"; only one names {', '.join(more)}"
    unsaid = [words for words, (one, other) in zip(_UNSAID, aims, strict=True) if one != other]
    return f"{reason}; {', '.join(unsaid)}" if unsaid else reason


_UNSAID = (
    "only one speaks of contrast",
    "only one names its purpose",
    "only one names a side",
    "only one counts views",
)


def _new(said: Likeness) -> Guess:
    aims = [*sorted(said.aims.contrast), *sorted(said.aims.purpose)]
    words = [said.modality, *sorted(said.places), *sorted(said.kinds), *aims]
    reason = f"the table has no {', '.join(words)}"
    reason += "" if said.part else "; its words name no body part"
    return Guess(None, 0.0, reason, said.modality, said.part, said.key)
