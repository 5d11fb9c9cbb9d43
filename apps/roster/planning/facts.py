"""What is asked of a roster: turns to fill, people who may fill them, rules and weights.

A *demand* is the run of a shift that starts on a date and wants some readers. A *turn* is time
that somebody holds. A *seat* is a person at a demand, each by its place in the problem. What
stands already (the roster in force, and what a person fixed in the draft) is never questioned:
it counts for rest, hours and fairness, and what is missing is filled around it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple


class Bar(StrEnum):
    """Why somebody cannot take a turn."""

    COMPETENCE = "competence"
    AWAY = "away"
    ALREADY_ON = "already_on"
    ELSEWHERE = "elsewhere"
    REST = "rest"
    NIGHTS = "nights"
    DAYS = "days"
    HOURS = "hours"


class Seat(NamedTuple):
    """A person at a demand, both by their place in the problem."""

    person: int
    demand: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Time that somebody holds or might hold; start included, end not.

    ``on`` is the local date on which the run starts. ``minutes`` may be less than the span: a run
    that the clocks cut in two has somebody else between its parts.
    """

    shift: int
    on: date
    start_at: datetime
    end_at: datetime
    minutes: int
    is_night: bool = False
    is_weekend: bool = False
    is_exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Demand:
    """A turn that ``wanted`` people shall hold at once."""

    turn: Turn
    wanted: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be put on turns.

    ``barred`` says of which demands, by place, they may not have and why. ``held`` are turns that
    stand already, before, in and after the period. ``target_minutes`` is for the whole period,
    None where nothing is said.
    """

    id: str
    rest_minutes: int = 0
    target_minutes: int | None = None
    barred: Mapping[int, Bar] = field(default_factory=dict)
    held: tuple[Turn, ...] = ()
    days_off_wished: frozenset[date] = frozenset()
    days_on_wished: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Rules:
    """What nobody's turns may break; None is no limit.

    Weeks are Monday to Sunday. ``may_overlap`` lets somebody hold two turns at the same time
    where neither is exclusive.
    """

    nights_in_a_row: int | None = None
    days_in_a_row: int | None = None
    minutes_a_week: int | None = None
    may_overlap: bool = False


@dataclass(frozen=True, slots=True)
class Weights:
    """How much counts; 0 is not looked at. An unfilled turn always outweighs all of them."""

    hours: int = 1
    nights: int = 1
    weekends: int = 1
    wishes: int = 1


@dataclass(frozen=True)
class Problem:
    """A period to fill. Demands are in order of time; ``fixed`` are seats that shall stay."""

    demands: tuple[Demand, ...]
    people: tuple[Person, ...]
    rules: Rules = Rules()
    weights: Weights = Weights()
    fixed: frozenset[Seat] = frozenset()

    @cached_property
    def standing(self) -> Mapping[int, frozenset[int]]:
        """Return who is at each demand for certain, by its place: people by theirs."""
        places = {
            (demand.turn.shift, demand.turn.on): place for place, demand in enumerate(self.demands)
        }
        found: dict[int, set[int]] = defaultdict(set)
        for number, person in enumerate(self.people):
            for turn in person.held:
                if (turn.shift, turn.on) in places:
                    found[places[turn.shift, turn.on]].add(number)
        for seat in self.fixed:
            found[seat.demand].add(seat.person)
        return {place: frozenset(people) for place, people in found.items()}

    def missing(self, demand: int) -> int:
        """Return how many people a demand wants beyond those who are there for certain."""
        return max(0, self.demands[demand].wanted - len(self.standing.get(demand, ())))

    def turns_of(self, person: int, seats: Collection[Seat] = ()) -> list[Turn]:
        """Return what somebody holds: what stands, what is fixed, and the seats given."""
        held = list(self.people[person].held)
        known = {(turn.shift, turn.on) for turn in held}
        demands = sorted({seat.demand for seat in (*self.fixed, *seats) if seat.person == person})
        turns = [self.demands[place].turn for place in demands]
        return held + [turn for turn in turns if (turn.shift, turn.on) not in known]


def monday(on: date) -> date:
    """Return the first day of the week that holds a date."""
    return on - timedelta(days=on.weekday())
