"""Eight weeks of one shift at a glance: who would be on if a change were saved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from apps.roster.initials import initials_of
from apps.roster.models import Radiologist, Shift
from apps.roster.queries.plan import Plan, Run

WEEKS = 8
_WEEK = 7
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AheadDay:
    """A day of the shift's own calendar and who takes work on the run that starts on it.

    ``people`` is empty where nobody does; ``runs`` says whether the shift runs at all. ``joined``
    and ``left`` are who comes and goes with the change.
    """

    on: date
    runs: bool
    is_shown: bool
    people: Sequence[Radiologist]
    joined: Sequence[Radiologist]
    left: Sequence[Radiologist]
    is_meant_empty: bool

    @property
    def is_changed(self) -> bool:
        """Return whether somebody comes or goes."""
        return bool(self.joined or self.left)

    @property
    def is_gap(self) -> bool:
        """Return whether nobody takes work on a run that is not meant to be empty."""
        return self.runs and not self.people and not self.is_meant_empty


@dataclass(frozen=True, slots=True)
class Ahead:
    """Weeks from the Monday of the first day on; days outside the span are not shown."""

    shift: Shift
    weeks: Sequence[Sequence[AheadDay]]

    @property
    def days(self) -> list[AheadDay]:
        """Return the days that are shown, in order."""
        return [day for week in self.weeks for day in week if day.is_shown]

    @property
    def changed(self) -> int:
        """Return how many turns have somebody else than before."""
        return sum(day.is_changed for day in self.days)

    @property
    def gaps(self) -> int:
        """Return how many turns nobody is on."""
        return sum(day.is_gap for day in self.days)

    @property
    def people(self) -> list[Radiologist]:
        """Return everybody who is named, by family name."""
        named = {person.pk: person for day in self.days for person in (*day.people, *day.left)}
        return sorted(named.values(), key=lambda person: (person.family_name, person.pk))

    @property
    def initials(self) -> Mapping[str, str]:
        """Return the people's initials by id."""
        return initials_of(self.people)


def ahead(before: Plan, after: Plan, shift: Shift, first_on: date) -> Ahead:
    """Return who is on a shift for eight weeks, and what differs from before.

    Args:
        before: the plan as it is stored, of the shift and at least these days.
        after: the same ``with_changes``.
        shift: one of the plan's.
        first_on: the first day, by the shift's own calendar.
    """
    monday = first_on - (first_on.isoweekday() - 1) * _DAY
    last_on = first_on + (WEEKS * _WEEK - 1) * _DAY
    old, new = _by_day(before, shift, first_on), _by_day(after, shift, first_on)
    count = (last_on - monday).days // _WEEK + 1
    dates = [monday + ahead * _DAY for ahead in range(count * _WEEK)]
    days = [_day(on, old[on], new[on], is_shown=first_on <= on <= last_on) for on in dates]
    return Ahead(shift, [days[start : start + _WEEK] for start in range(0, len(days), _WEEK)])


def _by_day(plan: Plan, shift: Shift, first_on: date) -> dict[date, list[Run]]:
    found: dict[date, list[Run]] = defaultdict(list)
    for run in plan.runs_from(first_on, WEEKS * _WEEK):
        if run.shift.pk == shift.pk:
            found[run.start_on].append(run)
    return found


def _day(on: date, old: Sequence[Run], new: Sequence[Run], *, is_shown: bool) -> AheadDay:
    was, will = _people(old), _people(new)
    return AheadDay(
        on,
        runs=bool(new),
        is_shown=is_shown,
        people=list(will.values()),
        joined=[person for pk, person in will.items() if pk not in was],
        left=[person for pk, person in was.items() if pk not in will],
        is_meant_empty=all(run.is_meant_empty for run in new),
    )


def _people(runs: Sequence[Run]) -> dict[str, Radiologist]:
    return {seat.person.pk: seat.person for run in runs for seat in run.present}
