"""How much people are rostered: hours of this week and the next four, nights, weekends.

Worked out by the engine's own book, after leave, swaps and other work. A turn counts in the week
in which it starts by its shift's own calendar; time on two shifts at once counts once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from django.db.models import Q

from apps.catalog.queries.holidays import days_off
from apps.engine.coverage import OnShift, cover
from apps.engine.occurrences import Occurrence, is_zone, occurrences_from
from apps.engine.roster import RosterBook
from apps.engine.rota import ShiftFacts
from apps.roster.choices import RosterStatus
from apps.roster.facts import RosterFacts, roster_facts
from apps.roster.hours import Span, merged, total
from apps.roster.models import RosterAssignment, RosterOverride, Rotation, Shift
from apps.roster.queries.records import within
from apps.roster.queries.turns import hours_of

WEEKS_AHEAD = 4
NIGHT_LOCAL = time(3)
"""Who is on a shift while its clock shows this works a night."""
_SATURDAY = 6
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rostered:
    """What somebody is rostered for in some weeks; ``weekend_days`` have any work at all."""

    hours: Decimal = Decimal(0)
    nights: int = 0
    weekend_days: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """This week, Monday to Sunday, and the four after it together."""

    this_week: Rostered = Rostered()
    next_weeks: Rostered = Rostered()
    weeks_ahead: int = WEEKS_AHEAD

    @property
    def next_per_week(self) -> Decimal:
        """Return the hours of a week of the next ones, on average."""
        return round(self.next_weeks.hours / self.weeks_ahead, 1)


@dataclass(slots=True)
class _Turns:
    """What is collected of one person in one part of the time."""

    spans: list[Span] = field(default_factory=list)
    nights: set[date] = field(default_factory=set)
    weekend_days: set[date] = field(default_factory=set)

    def rostered(self) -> Rostered:
        hours = Decimal(total(merged(self.spans)) // timedelta(minutes=1)) / 60
        return Rostered(round(hours, 1), len(self.nights), len(self.weekend_days))


@dataclass(frozen=True)
class Rota:
    """The roster of some active shifts from this week's Monday to the end of the fourth after it.

    ``facts`` are the shifts' hours by their keys; those whose zone is unknown are left out.
    """

    shifts: Sequence[Shift]
    facts: Mapping[int, ShiftFacts]
    roster: RosterFacts
    monday: date

    @cached_property
    def book(self) -> RosterBook:
        """Return who is where."""
        return self.roster.book()

    def running(self, at: datetime) -> Mapping[str, OnShift]:
        """Return who is on the shifts that run at the moment, by code."""
        return cover(self.facts.values(), self.book, at).running

    def shifts_with(self, people: frozenset[str]) -> frozenset[str]:
        """Return the codes of the shifts on which any of the people may have a turn."""
        there = {row.shift for row in self.roster.rows if row.radiologist in people}
        there |= {row.shift for row in self.roster.extras if row.radiologist in people}
        there |= {swap.shift for swap in self.roster.swaps if swap.taker in people}
        there |= {
            rotation.shift
            for rotation in self.roster.rotations
            if not people.isdisjoint(rotation.people)
        }
        return frozenset(there)


def rota_of(shifts: Iterable[Shift], *, today: date) -> Rota:
    """Read the roster of active shifts, whose calendars are at hand, in a few queries."""
    known = [shift for shift in shifts if is_zone(shift.time_zone)]
    calendars = days_off() if any(shift.calendar_id for shift in known) else {}
    monday = today - timedelta(days=today.isoweekday() - 1)
    # A run under way began up to two local days ago, and zones differ by a day.
    first_on, last_on = monday - 3 * _DAY, monday + (WEEKS_AHEAD + 1) * _WEEK
    near = within(first_on, last_on) & Q(status=RosterStatus.ACTIVE)
    overrides = RosterOverride.objects.filter(near)
    roster = roster_facts(
        rows=RosterAssignment.objects.filter(near, shift__in=known),
        overrides=overrides.filter(Q(shift__isnull=True) | Q(shift__in=known)),
        rotations=Rotation.objects.filter(near, shift__in=known).prefetch_related("turns"),
        codes={shift.pk: shift.code for shift in known},
    )
    return Rota(known, {row.pk: hours_of(row, calendars) for row in known}, roster, monday)


def loads(people: Collection[str], rota: Rota) -> Mapping[str, Load]:
    """Return how much each of the people is rostered on the rota's shifts, by id."""
    found: dict[tuple[str, bool], _Turns] = defaultdict(_Turns)
    wanted = frozenset(people)
    codes = rota.shifts_with(wanted)
    for facts in rota.facts.values():
        if facts.code in codes:
            for run, span, there in _stretches(facts, rota):
                is_now = run.start_on < rota.monday + _WEEK
                for person in wanted.intersection(there):
                    _count(found[person, is_now], facts.zone, run, span)
    return {
        person: Load(found[person, True].rostered(), found[person, False].rostered())
        for person in wanted
    }


def _stretches(
    facts: ShiftFacts, rota: Rota
) -> Iterator[tuple[Occurrence, Span, tuple[str, ...]]]:
    days = (WEEKS_AHEAD + 1) * _WEEK.days
    for run in occurrences_from(facts, rota.monday, days):
        for part in rota.book.stretches(facts, run):
            yield run, Span(part.start_at, part.end_at), part.people


def _count(turns: _Turns, zone: str, run: Occurrence, span: Span) -> None:
    turns.spans.append(span)
    for day in (run.start_on, run.start_on + _DAY):
        midnight, night, next_midnight = _marks(zone, day)
        if span.start_at <= night < span.end_at:
            turns.nights.add(day)
        is_weekend = day.isoweekday() >= _SATURDAY
        if is_weekend and span.start_at < next_midnight and midnight < span.end_at:
            turns.weekend_days.add(day)


@lru_cache(maxsize=4096)
def _marks(zone: str, on: date) -> tuple[datetime, datetime, datetime]:
    """Return a local day's start, its night and its end."""
    local = ZoneInfo(zone)
    days = ((on, time()), (on, NIGHT_LOCAL), (on + _DAY, time()))
    start, night, end = (datetime.combine(*day, local).astimezone(UTC) for day in days)
    return start, night, end
