"""Which runs would lose their last reader if a plan were applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from apps.roster.choices import OverrideKind, RosterStatus
from apps.roster.hours import without as left_of
from apps.roster.importing.plans import Dates, PlannedRow, RosterPlan
from apps.roster.models import RosterAssignment, RosterOverride
from apps.roster.queries.plan import Run, plan_of
from apps.roster.queries.records import Record
from apps.roster.words import counted, day_words

LOOK_AHEAD = timedelta(days=56)
"""How far it is followed from the first day that is taken away."""
_DAY = timedelta(days=1)
_NAMED = 3


def bared(plan: RosterPlan, *, at: datetime) -> list[Run]:
    """Return the runs, as they would be, that nobody would take work on for some hours more.

    Those meant to be nobody's are left out, and those that ended. In order of time.
    """
    taken = [row for row in plan.rows if row.before is not None]
    lost = [(first, last) for row in taken for first, last in _lost(row)]
    earliest_on = at.date() - 2 * _DAY
    ahead = [(max(first, earliest_on), last) for first, last in lost if last >= earliest_on]
    if not ahead:
        return []
    first_on = min(first for first, _last in ahead)
    last_on = min(max(last for _first, last in ahead), first_on + LOOK_AHEAD)
    return sorted(
        _bared(plan, taken, first_on, last_on, at), key=lambda run: (run.start_at, run.shift.code)
    )


def words(runs: Sequence[Run]) -> list[str]:
    """Return in a sentence which runs these are; none where there are none."""
    if not runs:
        return []
    codes = Counter(run.shift.code for run in runs)
    named = [f"{code} ({number:,})" for code, number in codes.most_common(_NAMED)]
    if more := len(codes) - len(named):
        named.append(counted(more, "other shift"))
    first = day_words(runs[0].start_on)
    turns = counted(len(runs), "turn")
    return [f"{turns} would be left without a reader: {', '.join(named)}; the first on {first}."]


def _bared(
    plan: RosterPlan, taken: Sequence[PlannedRow], first_on: date, last_on: date, at: datetime
) -> Iterator[Run]:
    touched = {row.shift_id for row in taken}
    shifts = [plan.known.shifts.records[pk] for pk in sorted(touched)]
    stored = plan_of([shift for shift in shifts if shift.is_active], first_on, last_on)
    coming = [
        _record(row, row.after, plan)
        for row in plan.rows
        if row.after is not None and row.shift_id in touched
    ]
    planned = stored.with_changes(without=map(_mark, taken), plus=coming)
    days = (last_on - first_on).days + 1
    before, after = stored.runs_from(first_on, days), planned.runs_from(first_on, days)
    for old, new in zip(before, after, strict=True):
        if new.end_at > at and not new.is_meant_empty and left_of(new.gaps, old.gaps):
            yield new


def _lost(row: PlannedRow) -> Iterator[tuple[date, date]]:
    """Yield the first and last dates of what a row says no longer."""
    before, after = row.before, row.after
    if before is None:
        return
    last_on = before.last_on or date.max
    if after is None:
        yield before.first_on, last_on
        return
    if before.first_on < after.first_on:
        yield before.first_on, after.first_on - _DAY
    if after.last_on is not None and after.last_on < last_on:
        yield after.last_on + _DAY, last_on


def _mark(row: PlannedRow) -> Record:
    """Return what tells the stored record of a row from others."""
    model = RosterAssignment if row.hours is None else RosterOverride
    return model(pk=row.id)


def _record(row: PlannedRow, dates: Dates, plan: RosterPlan) -> Record:
    """Return the record that a planned row would be."""
    record: RosterAssignment | RosterOverride
    if row.hours is None:
        record = RosterAssignment(weekdays=list(dates.weekdays), every_weeks=dates.every_weeks)
    else:
        start, end = row.hours
        record = RosterOverride(kind=OverrideKind.EXTRA, start_local=start, end_local=end)
    record.shift = plan.known.shifts.records[row.shift_id]
    record.radiologist = plan.known.people.records[row.person_id]
    record.start_date, record.end_date = dates.first_on, dates.last_on
    record.status = RosterStatus.ACTIVE
    return record
