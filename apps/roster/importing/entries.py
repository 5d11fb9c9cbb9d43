"""What a roster from elsewhere says, before anybody knows whom and what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

MOST_ENTRIES = 50_000
"""A year of a hundred people; more is a mistake, or meant to harm."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody at some time, as a file or a feed says it.

    Either whole days are named (``first_on`` to ``last_on``, both included) or moments.

    Attributes:
        where: the place in the file, such as ``row 12`` or ``cell F12``, or the event's words.
        people: names as they came, in the order in which they are tried: the first that is known
            counts. Of a feed that is the text, then e-mail addresses.
        shift: the shift's name as it came; empty where only the hours say it.
        first_on: the first local date.
        last_on: the last local date.
        start_at: the start, UTC.
        end_at: the end, UTC.
        doubt: why it cannot be told when it takes place, a sentence; empty if it can.
    """

    where: str
    people: tuple[str, ...]
    shift: str
    first_on: date | None = None
    last_on: date | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that cannot be used; ``where`` is its place, ``why`` a sentence."""

    where: str
    why: str


@dataclass(slots=True)
class Reading:
    """What was read, and what could not be.

    ``first_on`` and ``last_on`` bound the time that the source speaks about: only there may rows
    that it no longer holds be ended.
    """

    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    first_on: date | None = None
    last_on: date | None = None

    def bounded(self) -> Reading:
        """Set the bounds to the dates of what was read, where the source has none of its own."""
        dates = [on for entry in self.entries for on in _dates(entry)]
        if dates:
            self.first_on, self.last_on = min(dates), max(dates)
        return self


def _dates(entry: Entry) -> Sequence[date]:
    if entry.start_at is not None:
        return [entry.start_at.date()]
    return [on for on in (entry.first_on, entry.last_on) if on is not None]
