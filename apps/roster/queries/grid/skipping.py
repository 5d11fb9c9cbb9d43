"""Turns that a change of the clocks skips whole: they have no run, and so no place of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from apps.engine.occurrences import skipped
from apps.roster.models import Radiologist, Shift
from apps.roster.queries.grid.days import midnight
from apps.roster.queries.plan import Plan

_DAY = timedelta(days=1)


class SkippedTurn(NamedTuple):
    """A turn that does not come; ``people`` are those who would be on it, by id."""

    on: date
    shift: Shift
    people: frozenset[str]


def skipped_turns(plan: Plan, dates: Iterable[date]) -> list[SkippedTurn]:
    """Return the turns of these dates that the clock skips, by shift."""
    return list(_skipped(plan, list(dates)))


def skipped_of(person: Radiologist, turns: Iterable[SkippedTurn]) -> Mapping[date, str]:
    """Return in words which turns of somebody are skipped, by date."""
    found: dict[date, list[str]] = {}
    for turn in turns:
        if person.pk in turn.people:
            found.setdefault(turn.on, []).append(turn.shift.name)
    return {on: f"{', '.join(names)} skipped: the clocks change" for on, names in found.items()}


def _skipped(plan: Plan, dates: Sequence[date]) -> Iterator[SkippedTurn]:
    # Hundreds of shifts keep the clocks of a few zones, which change twice a year.
    changes: dict[str, list[date]] = {}
    for shift in plan.shifts:
        zone = shift.time_zone
        if zone not in changes:
            changes[zone] = [on for on in dates if _is_changed(on, zone)]
        for on in changes[zone]:
            facts = plan.facts[shift.pk]
            if skipped(facts, on, 1):
                yield SkippedTurn(on, shift, frozenset(plan.book.seats(facts, on)))


def _is_changed(on: date, zone: str) -> bool:
    return midnight(on + _DAY, zone) - midnight(on, zone) != _DAY
