"""What does not go together in a roster: away while rostered, two places, rest, too many hours.

Nothing here is forbidden: a department may have its reasons. A change is judged by what it makes
worse, so that nobody is told again, with every edit, of what was there before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import combinations, pairwise

from django.db.models import Q

from apps.roster.choices import RosterStatus
from apps.roster.hours import Span, merged, total
from apps.roster.models import Radiologist, RosterAssignment, RosterOverride, Rotation, Shift
from apps.roster.queries.plan import Plan, Run, plan_of
from apps.roster.queries.records import Record, TakingTurns, within

_NONE = timedelta()
_WEEK = timedelta(days=7)
# A run is known by its shift, its date, and its start: the clocks going back make two of one.
_RunKey = tuple[int, date, datetime]


class ClashKind(StrEnum):
    """What does not go together."""

    TWO_PLACES = "two_places"
    AWAY = "away"
    REST = "rest"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Clash:
    """Something that does not go together for one person.

    ``span`` is when: the hours away, in two places or without enough rest, or the week's work.
    ``runs`` are those concerned, in order of time; of a rest the one before it and the one after.
    ``by`` is how much: away, in two places, missing of the rest, over the target.
    """

    kind: ClashKind
    person: Radiologist
    span: Span
    runs: tuple[Run, ...]
    by: timedelta

    @property
    def key(self) -> tuple[object, ...]:
        """Return what it is about; of two with one key the one with the larger ``by`` is worse."""
        about: tuple[object, ...] = ()
        if self.kind is ClashKind.HOURS:
            about = (monday(self.runs[0].start_on),)
        elif self.kind is not ClashKind.REST:
            about = tuple(_key(run) for run in self.runs)
        return (self.kind, self.person.pk, *about)


@dataclass(frozen=True, slots=True)
class _Turn:
    """What somebody does of a run: the parts in which they work, and those they are away in."""

    run: Run
    work: Sequence[Span]
    away: Sequence[Span]

    @property
    def stretch(self) -> Span:
        """Return the run from the first to the last that they do; a pause in it is no rest."""
        return Span(self.work[0].start_at, self.work[-1].end_at)


def clashes_of(
    before: Plan,
    after: Plan,
    people: Iterable[Radiologist],
    *,
    first_on: date,
    last_on: date,
    at: datetime,
) -> list[Clash]:
    """Return what a change makes worse for some people, in order of time.

    Args:
        before: every shift that these people are on must be in it, a day more on either side.
        after: the same with the change (``Plan.with_changes``).
        people: who are looked at; those who are switched off are not.
        first_on: the first date, by each shift's own calendar, that the change concerns.
        last_on: the last such date, included.
        at: what ended before is left alone.
    """
    known: defaultdict[tuple[object, ...], list[Clash]] = defaultdict(list)
    looked_at = [person for person in people if person.is_active]
    for clash in clashes(before, looked_at, first_on=first_on, last_on=last_on, at=at):
        known[clash.key].append(clash)
    found = clashes(after, looked_at, first_on=first_on, last_on=last_on, at=at)
    return [clash for clash in found if _is_worse(clash, known[clash.key])]


def clashes(
    plan: Plan, people: Iterable[Radiologist], *, first_on: date, last_on: date, at: datetime
) -> list[Clash]:
    """Return everything that does not go together for some people, in order of time.

    Args:
        plan: as for ``clashes_of``.
        people: who are looked at, active or not.
        first_on: the week that holds it is looked at from its Monday.
        last_on: the week that holds it is looked at to its Sunday.
        at: what ended before is left alone.
    """
    wanted = {person.pk: person for person in people}
    # Weeks are whole, and the night before the first day may leave too little rest.
    start_on = monday(first_on) - timedelta(days=1)
    days = (monday(last_on) + _WEEK - start_on).days + 1
    turns = _turns(plan.runs_from(start_on, days), wanted)
    found = [
        clash
        for key, person in wanted.items()
        for clash in _of_person(person, turns.get(key, ()))
        if clash.span.end_at > at
    ]
    return sorted(found, key=lambda clash: (clash.span, clash.kind, clash.person.pk))


def clashes_of_change(
    without: Sequence[Record],
    plus: Sequence[Record],
    *,
    first_on: date,
    last_on: date,
    at: datetime,
) -> list[Clash]:
    """Return what exchanging some stored records for others makes worse, in order of time.

    Args:
        without: as for ``apps.roster.queries.change.outlook``.
        plus: likewise.
        first_on: the first date that the change concerns.
        last_on: the last such date, included.
        at: what ended before is left alone.
    """
    people = people_of((*without, *plus))
    around = (monday(first_on) - timedelta(days=2), monday(last_on) + _WEEK)
    shifts = {shift.pk: shift for shift in shifts_of_people(people, *around)}
    shifts |= {
        record.shift.pk: record.shift for record in plus if record.shift and record.shift.is_active
    }
    before = plan_of(shifts.values(), *around)
    after = before.with_changes(without=without, plus=plus)
    return clashes_of(before, after, people.values(), first_on=first_on, last_on=last_on, at=at)


def people_of(records: Iterable[Record]) -> dict[str, Radiologist]:
    """Return everybody whom records name, by id."""
    found: dict[str, Radiologist] = {}
    for record in records:
        if isinstance(record, TakingTurns):
            found |= {person.pk: person for person in record.people if person}
            continue
        found[record.radiologist_id] = record.radiologist
        if isinstance(record, RosterOverride) and record.taker is not None:
            found[record.taker.pk] = record.taker
    return found


def shifts_of_people(people: Collection[str], first_on: date, last_on: date) -> list[Shift]:
    """Return the active shifts that any of these people may be on, by code."""
    dates = within(first_on, last_on) & Q(status=RosterStatus.ACTIVE)
    named = Q(radiologist__in=people)
    rows = RosterAssignment.objects.filter(dates, named)
    overrides = RosterOverride.objects.filter(dates, named | Q(taker__in=people))
    rotations = Rotation.objects.filter(dates, turns__radiologist__in=people)
    wanted = Q(pk__in=rows.values("shift")) | Q(pk__in=rotations.values("shift"))
    wanted |= Q(pk__in=overrides.exclude(shift=None).values("shift"))
    shifts = Shift.objects.filter(wanted, is_active=True).select_related("calendar")
    return list(shifts.order_by("code"))


def monday(on: date) -> date:
    """Return the Monday of the week that holds a date."""
    return on - timedelta(days=on.isoweekday() - 1)


def _is_worse(clash: Clash, before: Iterable[Clash]) -> bool:
    """Return whether nothing as bad was there already."""
    return not any(
        other.by >= clash.by
        and (clash.kind is not ClashKind.REST or _shared([clash.span], [other.span]))
        for other in before
    )


def _turns(runs: Iterable[Run], people: Collection[str]) -> Mapping[str, list[_Turn]]:
    """Return what each person does of the runs, in order of their start."""
    found: defaultdict[str, list[_Turn]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: (run.start_at, run.shift.code)):
        for person in {key for part in run.stretches for group in part[2:] for key in group}:
            if person in people:
                found[person].append(_turn(run, person))
    return found


def _turn(run: Run, person: str) -> _Turn:
    parts = [(Span(part.start_at, part.end_at), part) for part in run.stretches]
    # A board or a list of procedures is work as well: nobody rests in it.
    work = [span for span, part in parts if person in (*part.people, *part.on_other_work)]
    away = [span for span, part in parts if person in (*part.on_leave, *part.on_other_work)]
    return _Turn(run, merged(work), merged(away))


def _of_person(person: Radiologist, turns: Sequence[_Turn]) -> Iterator[Clash]:
    at_work = [turn for turn in turns if turn.work]
    yield from _away(person, turns)
    yield from _two_places(person, at_work)
    if person.min_rest_hours is not None:
        yield from _short_rests(person, at_work, _hours(person.min_rest_hours))
    if person.target_hours_per_week is not None:
        yield from _long_weeks(person, at_work, _hours(person.target_hours_per_week))


def _away(person: Radiologist, turns: Iterable[_Turn]) -> Iterator[Clash]:
    for turn in turns:
        if turn.away:
            span = Span(turn.away[0].start_at, turn.away[-1].end_at)
            yield Clash(ClashKind.AWAY, person, span, (turn.run,), total(turn.away))


def _two_places(person: Radiologist, turns: Sequence[_Turn]) -> Iterator[Clash]:
    alone = [turn for turn in turns if turn.run.shift.is_exclusive]
    pairs = combinations(turns, 2) if alone else ()
    for one, two in pairs:
        if one.run.shift.pk == two.run.shift.pk or not (
            one.run.shift.is_exclusive or two.run.shift.is_exclusive
        ):
            continue
        both = _shared(one.work, two.work)
        if both:
            span = Span(both[0].start_at, both[-1].end_at)
            runs = (one.run, two.run)
            yield Clash(ClashKind.TWO_PLACES, person, span, runs, total(both))


def _short_rests(
    person: Radiologist, turns: Sequence[_Turn], wanted: timedelta
) -> Iterator[Clash]:
    """Yield the pauses that are too short; what touches or overlaps is one stretch of work."""
    stretches = merged(turn.stretch for turn in turns)
    for earlier, later in pairwise(stretches):
        rest = later.start_at - earlier.end_at
        if rest < wanted:
            last = next(turn for turn in turns if turn.stretch.end_at == earlier.end_at)
            first = next(turn for turn in turns if turn.stretch.start_at == later.start_at)
            span = Span(earlier.end_at, later.start_at)
            yield Clash(ClashKind.REST, person, span, (last.run, first.run), wanted - rest)


def _long_weeks(person: Radiologist, turns: Sequence[_Turn], target: timedelta) -> Iterator[Clash]:
    """Yield the weeks with too many hours; a run counts in the week in which it starts."""
    weeks: defaultdict[date, list[_Turn]] = defaultdict(list)
    for turn in turns:
        weeks[monday(turn.run.start_on)].append(turn)
    for week in weeks.values():
        # Somebody on two shifts at once works these hours once.
        work = merged(span for turn in week for span in turn.work)
        if total(work) > target:
            span = Span(work[0].start_at, work[-1].end_at)
            runs = tuple(turn.run for turn in week)
            yield Clash(ClashKind.HOURS, person, span, runs, total(work) - target)


def _shared(ones: Iterable[Span], others: Sequence[Span]) -> list[Span]:
    """Return the time that lies in both, in order."""
    both = (
        Span(max(one.start_at, two.start_at), min(one.end_at, two.end_at))
        for one in ones
        for two in others
    )
    return merged(span for span in both if span.start_at < span.end_at)


def _key(run: Run) -> _RunKey:
    return (run.shift.pk, run.start_on, run.start_at)


def _hours(number: Decimal) -> timedelta:
    return timedelta(hours=float(number))
