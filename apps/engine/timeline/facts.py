"""What a sweep says, and what it is told beside the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class Lack(StrEnum):
    """Why nobody may be given a kind of work, or fewer than are wanted."""

    NO_SHIFT = "no_shift"
    BY_HAND = "by_hand"
    HOLIDAY = "holiday"
    NOBODYS_TURN = "nobodys_turn"
    PLANNED = "planned"
    NONE_WANTED = "none_wanted"
    NOBODY = "nobody"
    ON_LEAVE = "on_leave"
    OTHER_WORK = "other_work"
    UNFIT = "unfit"
    THIN = "thin"

    @property
    def is_meant(self) -> bool:
        """Return whether the roster asks for it."""
        return self in _MEANT


_MEANT = frozenset(
    {
        Lack.NO_SHIFT,
        Lack.BY_HAND,
        Lack.HOLIDAY,
        Lack.NOBODYS_TURN,
        Lack.PLANNED,
        Lack.NONE_WANTED,
    }
)


class Cover(StrEnum):
    """How a kind of work is covered: by enough, by fewer than wanted, not and meant so, not."""

    COVERED = "covered"
    THIN = "thin"
    MEANT = "meant"
    OPEN = "open"


class Cause(NamedTuple):
    """A lack with the shift whose it is, empty where there is none.

    ``params`` are the holiday's name, the planned gap's reason, the ids of those away, or for
    ``THIN`` how many there are and are wanted, and for ``UNFIT`` the id, the refusal's code and
    its figures.
    """

    lack: Lack
    shift: str = ""
    params: tuple[int | str, ...] = ()


class Verdict(NamedTuple):
    """Who may be given the work, ids in order; why nobody or too few, what is not meant first."""

    cover: Cover
    eligible: tuple[str, ...]
    causes: tuple[Cause, ...] = ()


class Segment(NamedTuple):
    """A stretch of time with one verdict; start included, end not."""

    start_at: datetime
    end_at: datetime
    verdict: Verdict

    @property
    def cover(self) -> Cover:
        """Return how the work is covered."""
        return self.verdict.cover


class Work(NamedTuple):
    """A kind of work as shifts name it; what is empty is not said."""

    modality: str = ""
    body_part: str = ""
    subspecialty: str = ""


class PlannedGapFacts(NamedTuple):
    """Dates on which a shift is meant to be empty, both included, and why; no weekdays are all."""

    shift: str
    start_on: date
    end_on: date | None
    weekdays: frozenset[int]
    reason: str

    def covers(self, on: date) -> bool:
        """Return whether the run that starts on a date is meant."""
        if on < self.start_on or (self.end_on is not None and on > self.end_on):
            return False
        return not self.weekdays or on.isoweekday() in self.weekdays


@dataclass(frozen=True, slots=True)
class Intents:
    """What a department means with its shifts, where a decision need not know it.

    ``readers_wanted`` is by shift, one where nothing is said; ``days_off`` are the names of
    holidays and closures by calendar.
    """

    readers_wanted: Mapping[str, int] = field(default_factory=dict)
    gaps: tuple[PlannedGapFacts, ...] = ()
    days_off: Mapping[str, Mapping[date, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at: sites by code, None is all; a modality and a body part, or empty for all.

    Work that names no modality is of every one. A body part is asked for as an order names it,
    whether a shift names it or not.
    """

    sites: frozenset[str] | None = None
    modality: str = ""
    body_part: str = ""

    def holds(self, work: Work) -> bool:
        """Return whether a kind of work is looked at."""
        return not self.modality or work.modality in ("", self.modality)


class Skipped(NamedTuple):
    """A run of which nothing is left, as the clock skips its hours."""

    shift: str
    on: date
