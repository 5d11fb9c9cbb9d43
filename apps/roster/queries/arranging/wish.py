"""What somebody wants of a turn, and the records that would be exchanged for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from hashlib import blake2b

from apps.roster.models import Radiologist, RosterAssignment, RosterOverride, Shift
from apps.roster.queries.plan import Plan, Run, plan_of
from apps.roster.queries.records import Record

MOST_DAYS = 92
"""A turn is stretched over so many days at most; for longer there are rows and rotations."""
_AROUND = timedelta(days=8)
"""Read on either side, so that an extra turn that ended just before is found and made longer."""


class Act(StrEnum):
    """What is done to a turn."""

    ASSIGN = "assign"
    TAKE_OFF = "take-off"
    MOVE = "move"
    STRETCH = "stretch"


class CannotArrangeError(Exception):
    """The wish cannot be fulfilled; the message says why, to a person."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A part of a run by its shift's wall clock, start included, end not."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a turn.

    Attributes:
        act: what to do.
        shift: whose run.
        on: the date on which the run starts.
        person: who is put on, moved, stretched or taken off.
        until: the last date concerned; the same date for one turn.
        hours: for these hours of each run only; None is the whole.
        other: whom the person stands in for (assign), or changes places with (move).
        to_shift: where to (move).
        to_on: the date of the run there (move).
    """

    act: Act
    shift: Shift
    on: date
    person: Radiologist
    until: date
    hours: Hours | None = None
    other: Radiologist | None = None
    to_shift: Shift | None = None
    to_on: date | None = None

    @property
    def shifts(self) -> list[Shift]:
        """Return the shifts concerned, each once, by key."""
        found = {shift.pk: shift for shift in (self.shift, self.to_shift) if shift is not None}
        return [found[key] for key in sorted(found)]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Stored records that go, and records that come; those that keep their key are changed."""

    without: Sequence[Record] = ()
    plus: Sequence[RosterAssignment | RosterOverride] = ()

    def __bool__(self) -> bool:
        """Return whether anything changes."""
        return bool(self.without or self.plus)

    def __add__(self, other: Exchange) -> Exchange:
        """Return both together."""
        return Exchange([*self.without, *other.without], [*self.plus, *other.plus])


def plan_for(wish: Wish) -> Plan:
    """Read who is on the shifts of a wish around its dates."""
    dates = [wish.on, wish.until, wish.to_on or wish.on]
    return plan_of(wish.shifts, min(dates) - _AROUND, max(dates) + _AROUND)


def seen_of(runs: Iterable[Run]) -> str:
    """Return what tells of each of some runs whether it is still as it was looked at."""
    return " ".join(f"{key}={token}" for key, token in _tokens(runs).items())


def is_as_seen(seen: str, runs: Iterable[Run]) -> bool:
    """Return whether those of some runs that were looked at are still as they were.

    Runs that were not looked at count for nothing: without JavaScript more days may be asked for
    than were shown. The first is always shown.
    """
    shown = dict(part.split("=", 1) for part in seen.split() if "=" in part)
    now = _tokens(runs)
    is_first_shown = next(iter(now), None) in shown
    return is_first_shown and all(shown.get(key, token) == token for key, token in now.items())


def _tokens(runs: Iterable[Run]) -> dict[str, str]:
    """Return what each run says, who stands there when and why, by its shift and moment."""
    return {f"{run.shift.pk}@{run.start_at:%Y%m%dT%H%M}": _token(run) for run in runs}


def _token(run: Run) -> str:
    seats = [
        (seat.person.pk, seat.by, seat.source.pk, list(seat.hours), list(seat.away))
        for seat in run.seats
    ]
    said = repr((run.end_at, seats))
    return blake2b(said.encode(), digest_size=6).hexdigest()
