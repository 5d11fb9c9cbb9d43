"""What a change of the roster does: who is on which run before it and after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from apps.roster.choices import OverrideKind, RosterStatus
from apps.roster.hours import Span, merged, total
from apps.roster.hours import without as left_of
from apps.roster.models import (
    Radiologist,
    RosterAssignment,
    RosterOverride,
    RotationTurn,
    Shift,
    Workload,
)
from apps.roster.queries.plan import Run, plan_of
from apps.roster.queries.records import Record, TakingTurns, covers, within

LOOK_AHEAD = timedelta(days=28)
"""How far a change is followed from its first day that still lies ahead."""
_DAY, _AROUND = timedelta(days=1), timedelta(days=2)
_NEVER = date.max - LOOK_AHEAD - _DAY


@dataclass(frozen=True, slots=True)
class Part:
    """A run, or those hours of it in which something changes."""

    run: Run
    hours: Sequence[Span]

    @property
    def start_on(self) -> date:
        """Return the date on which the run starts."""
        return self.run.start_on

    @property
    def start_at(self) -> datetime:
        """Return when the run starts."""
        return self.run.start_at

    @property
    def is_whole(self) -> bool:
        """Return whether it is all of the run."""
        return total(self.hours) == self.run.length


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change does to the runs of one shift; every list is in order of time.

    ``joined`` and ``left`` hold the runs by person. ``bared`` are those that lose their last
    reader, ``covered`` those that get their first, for some hours at least. ``first`` is the first
    run that changes, as it will be.
    """

    shift: Shift
    joined: Mapping[Radiologist, Sequence[Part]]
    left: Mapping[Radiologist, Sequence[Part]]
    bared: Sequence[Part]
    covered: Sequence[Part]
    first: Run


@dataclass(frozen=True, slots=True)
class Outlook:
    """The differences a change makes up to ``last_on``; ``goes_on`` where more may follow."""

    differences: Sequence[Difference]
    last_on: date
    goes_on: bool


def outlook(
    without: Sequence[Record], plus: Sequence[Record], *, at: datetime, of: Sequence[Shift] = ()
) -> Outlook:
    """Return what follows from exchanging some stored records for others.

    Args:
        without: the records as they are stored; what is new has none.
        plus: the records as they will be.
        at: runs that ended before are left alone.
        of: the shifts concerned, where the records do not name them: leave concerns them all.
    """
    # A night that began yesterday is still under way, in some zone even one before it.
    earliest_on = at.date() - timedelta(days=2)
    first_on, end_on = _changed_days(without, plus, earliest_on)
    last_on = min(end_on, first_on + LOOK_AHEAD)
    if last_on < first_on:
        return Outlook((), earliest_on, goes_on=False)
    shifts = list(of) or _shifts_of((*without, *plus))
    before = plan_of(shifts, first_on, last_on)
    after = before.with_changes(without=without, plus=plus)
    days = (last_on - first_on).days + 1
    runs = zip(before.runs_from(first_on, days), after.runs_from(first_on, days), strict=True)
    pairs = [(old, new) for old, new in runs if new.end_at > at]
    return Outlook(list(_differences(pairs, shifts)), last_on, goes_on=last_on < end_on)


def on_already(found: Difference, swap: RosterOverride) -> list[Part]:
    """Return the parts that a swap takes from somebody though who comes is on them already."""
    taken = [] if swap.taker is None else found.left.get(swap.radiologist, ())
    parts = []
    for part in taken:
        hours = _hours(part.run).get(swap.taker_id or "", [])
        shared = left_of(part.hours, left_of(part.hours, hours))
        if shared:
            parts.append(Part(part.run, shared))
    return parts


def shifts_of(person: Radiologist, first_on: date, last_on: date) -> list[Shift]:
    """Return the shifts that a person may be on: those that their leave concerns."""
    dates = within(first_on, last_on)
    rows = RosterAssignment.objects.filter(dates, radiologist=person, status=RosterStatus.ACTIVE)
    overrides = RosterOverride.objects.filter(
        dates, Q(radiologist=person) | Q(taker=person), status=RosterStatus.ACTIVE
    )
    turns = RotationTurn.objects.filter(
        Q(rotation__end_date=None) | Q(rotation__end_date__gte=first_on),
        rotation__start_date__lte=last_on,
        rotation__status=RosterStatus.ACTIVE,
        radiologist=person,
    )
    wanted = Q(pk__in=rows.values("shift")) | Q(pk__in=overrides.values("shift"))
    wanted |= Q(pk__in=turns.values("rotation__shift"))
    return list(Shift.objects.filter(wanted, is_active=True).order_by("code"))


def open_studies(people: Iterable[Radiologist]) -> dict[str, int]:
    """Return how many studies each has open, by id; who has none is left out."""
    rows = Workload.objects.filter(radiologist__in=[person.pk for person in people])
    return {row.radiologist_id: row.open_studies for row in rows if row.open_studies}


def _changed_days(
    without: Sequence[Record], plus: Sequence[Record], earliest_on: date
) -> tuple[date, date]:
    """Return the first and last date on which the records say something else than before.

    Between two edges nothing changes, so each stretch is judged by its first date. Where
    nothing differs the last date lies before the first.
    """
    records = (*without, *plus)
    edges = {record.start_date for record in records}
    edges |= {_end_of(record) + _DAY for record in records}
    ordered = sorted({max(edge, earliest_on) for edge in edges} | {earliest_on})
    differing = [edge for edge in ordered if _said_on(without, edge) != _said_on(plus, edge)]
    if not differing:
        return earliest_on, earliest_on - _DAY
    after = (edge for edge in ordered if edge > differing[-1])
    # Hours away are those of a zone's dates: a run that starts a date before or after has some.
    around = _AROUND if any(map(_is_hours_away, records)) else timedelta()
    last_on = min(next(after, _NEVER), _NEVER - around) - _DAY + around
    return max(differing[0] - around, earliest_on), last_on


def _is_hours_away(record: Record) -> bool:
    return isinstance(record, RosterOverride) and record.shift is None and record.is_partial


def _said_on(records: Iterable[Record], on: date) -> set[tuple[object, ...]]:
    """Return what records say of the stretch of dates that begins on one, in comparable form."""
    return {
        _content(record)
        for record in records
        if record.status == RosterStatus.ACTIVE and covers(record, on)
    }


def _content(record: Record) -> tuple[object, ...]:
    if isinstance(record, TakingTurns):
        rotation = record.rotation
        pattern = (rotation.start_date, rotation.unit, rotation.length, *rotation.weekdays)
        return (record.shift_id, *record.ids, *pattern)
    if isinstance(record, RosterAssignment):
        # Which weeks count depends on the first one only where some are left out.
        phase = record.start_date if record.every_weeks > 1 else None
        pattern = (record.every_weeks, phase, *record.weekdays)
        return (record.shift_id, record.radiologist_id, *pattern)
    return (
        record.shift_id,
        record.radiologist_id,
        record.taker_id,
        record.kind == OverrideKind.OTHER_WORK,
        record.start_local,
        record.end_local,
        record.time_zone,
    )


def _end_of(record: Record) -> date:
    return min(record.end_date or _NEVER, _NEVER)


def _shifts_of(records: Iterable[Record]) -> list[Shift]:
    found = {record.shift.pk: record.shift for record in records if record.shift is not None}
    return [shift for shift in found.values() if shift.is_active]


def _differences(
    pairs: Sequence[tuple[Run, Run]], shifts: Iterable[Shift]
) -> Iterator[Difference]:
    for shift in shifts:
        changed = [
            (old, new)
            for old, new in pairs
            if new.shift.pk == shift.pk and _hours(old) != _hours(new)
        ]
        if changed:
            yield Difference(
                shift,
                joined=_gained(changed),
                left=_gained([(new, old) for old, new in changed]),
                bared=_parts((new, new.gaps, old.gaps) for old, new in changed),
                covered=_parts((new, old.gaps, new.gaps) for old, new in changed),
                first=changed[0][1],
            )


def _gained(pairs: Iterable[tuple[Run, Run]]) -> dict[Radiologist, list[Part]]:
    """Return by person the hours that have them in the second of each pair only."""
    found: dict[Radiologist, list[Part]] = {}
    for without, having in pairs:
        before = _hours(without)
        for person, hours in _hours(having).items():
            for part in _parts([(having, hours, before.get(person, []))]):
                found.setdefault(having.plan.people[person], []).append(part)
    return found


def _parts(runs: Iterable[tuple[Run, Sequence[Span], Sequence[Span]]]) -> list[Part]:
    """Return of each run the first hours without the second, where any are left."""
    found = (Part(run, left_of(these, those)) for run, these, those in runs)
    return [part for part in found if part.hours]


def _hours(run: Run) -> dict[str, list[Span]]:
    """Return in which parts of a run who takes work, by id."""
    found: dict[str, list[Span]] = {}
    for part in run.stretches:
        for person in part.people:
            if run.plan.people[person].is_active:
                found.setdefault(person, []).append(Span(part.start_at, part.end_at))
    return {person: merged(spans) for person, spans in found.items()}
