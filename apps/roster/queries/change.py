"""What a change of the roster does: who is on which run before it and after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from apps.roster.choices import RosterStatus
from apps.roster.models import Radiologist, RosterAssignment, RosterOverride, Shift, Workload
from apps.roster.queries.plan import Record, Run, covers, plan_of, within

LOOK_AHEAD = timedelta(days=28)
"""How far a change is followed from its first day that still lies ahead."""
_DAY = timedelta(days=1)
_NEVER = date.max - LOOK_AHEAD - _DAY


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change does to the runs of one shift; every list is in order of time.

    ``joined`` and ``left`` hold the runs by person. ``bared`` are the runs that lose their last
    reader, ``covered`` those that get their first. ``first`` is the first run that changes, as it
    will be.
    """

    shift: Shift
    joined: Mapping[Radiologist, Sequence[Run]]
    left: Mapping[Radiologist, Sequence[Run]]
    bared: Sequence[Run]
    covered: Sequence[Run]
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


def shifts_of(person: Radiologist, first_on: date, last_on: date) -> list[Shift]:
    """Return the shifts that a person may be on: those that their leave concerns."""
    dates = within(first_on, last_on)
    rows = RosterAssignment.objects.filter(dates, radiologist=person, status=RosterStatus.ACTIVE)
    overrides = RosterOverride.objects.filter(
        dates, Q(radiologist=person) | Q(taker=person), status=RosterStatus.ACTIVE
    )
    wanted = Q(pk__in=rows.values("shift")) | Q(pk__in=overrides.values("shift"))
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
    edges = {record.start_date for record in (*without, *plus)}
    edges |= {_end_of(record) + _DAY for record in (*without, *plus)}
    ordered = sorted({max(edge, earliest_on) for edge in edges} | {earliest_on})
    differing = [edge for edge in ordered if _said_on(without, edge) != _said_on(plus, edge)]
    if not differing:
        return earliest_on, earliest_on - _DAY
    after = (edge for edge in ordered if edge > differing[-1])
    return differing[0], next(after, _NEVER) - _DAY


def _said_on(records: Iterable[Record], on: date) -> set[tuple[object, ...]]:
    return {
        (record.shift_id, record.radiologist_id, getattr(record, "taker_id", None))
        for record in records
        if record.status == RosterStatus.ACTIVE and covers(record, on)
    }


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
            if new.shift.pk == shift.pk and _people(old) != _people(new)
        ]
        if changed:
            yield Difference(
                shift,
                joined=_gained(changed),
                left=_gained([(new, old) for old, new in changed]),
                bared=[new for old, new in changed if old.present and not new.present],
                covered=[new for old, new in changed if new.present and not old.present],
                first=changed[0][1],
            )


def _gained(pairs: Iterable[tuple[Run, Run]]) -> dict[Radiologist, list[Run]]:
    """Return by person the runs that have them in the second of each pair only."""
    found: dict[Radiologist, list[Run]] = {}
    for without, having in pairs:
        before = _people(without)
        for seat in having.present:
            if seat.person.pk not in before:
                found.setdefault(seat.person, []).append(having)
    return found


def _people(run: Run) -> set[str]:
    return {seat.person.pk for seat in run.present}
