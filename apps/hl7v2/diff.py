"""What differs between two versions of a message, field by field.

Segments are compared in order; where several were replaced, those of one name are taken for each
other. Texts hold one segment a line, escapes kept. Pure, and bounded by the caller's texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from apps.hl7v2.masking import separators_of
from apps.hl7v2.names import field_named, segment_name

_NAME_LENGTH = 3
_HEADERS = frozenset({"MSH", "FHS", "BHS"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One field, or a whole segment, that is not the same.

    ``place`` is such as ``OBX(3)-5``, the third OBX, or ``NTE(2)`` for a whole segment; the first
    of its name is not counted. Empty ``old`` is something new, empty ``new`` something gone.
    """

    place: str
    name: str
    old: str
    new: str


def differences(old: str, new: str) -> list[Difference]:
    """Return what differs, in the order of the new message."""
    before, after = _Lines(old), _Lines(new)
    found: list[Difference] = []
    matcher = SequenceMatcher(None, before.lines, after.lines, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag != "equal":
            found += _replaced(before, range(i, j), after, range(k, m))
    return found


class _Lines:
    """A message's lines, each with its segment's name and which of that name it is."""

    def __init__(self, text: str) -> None:
        self.lines = [line for line in text.split("\n") if line]
        self.field = separators_of(self.lines[0] if self.lines else "").field
        self.names = [line.partition(self.field)[0] for line in self.lines]
        self._counts: dict[str, int] = {}
        self.places = [self._counted(name) for name in self.names]

    def _counted(self, name: str) -> str:
        count = self._counts[name] = self._counts.get(name, 0) + 1
        shown = name if len(name) == _NAME_LENGTH else "line"
        return shown if count == 1 else f"{shown}({count})"

    def fields(self, place: int) -> list[str]:
        parts = self.lines[place].split(self.field)
        return [parts[0], self.field, *parts[1:]] if parts[0] in _HEADERS else parts


def _replaced(
    before: _Lines, gone: Sequence[int], after: _Lines, come: Sequence[int]
) -> Iterator[Difference]:
    """Yield what differs where some lines took the place of others."""
    left = list(gone)
    for place in come:
        same = next((one for one in left if before.names[one] == after.names[place]), None)
        if same is None:
            yield _whole(after, place, old="", new=after.lines[place])
            continue
        for skipped in left[: left.index(same)]:
            yield _whole(before, skipped, old=before.lines[skipped], new="")
        left = left[left.index(same) + 1 :]
        yield from _fields(before.fields(same), after, place)
    for one in left:
        yield _whole(before, one, old=before.lines[one], new="")


def _whole(lines: _Lines, place: int, *, old: str, new: str) -> Difference:
    return Difference(lines.places[place], segment_name(lines.names[place]), old, new)


def _fields(old: Sequence[str], after: _Lines, place: int) -> Iterator[Difference]:
    name = after.names[place]
    for number, (was, now) in enumerate(zip_longest(old, after.fields(place), fillvalue="")):
        if was != now:
            named = field_named(name, number).name
            yield Difference(f"{after.places[place]}-{number}", named, was, now)
