"""Who is on which shift when, worked out by the engine's own code from the roster's rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, prefetch_related_objects

from apps.catalog.queries.holidays import days_off
from apps.engine.coverage import OnShift, cover
from apps.engine.occurrences import is_zone, occurrences
from apps.engine.roster import RosterBook
from apps.engine.rota import ShiftFacts, WorkType
from apps.roster.choices import RosterStatus
from apps.roster.facts import Calendars, roster_facts, shift_facts, with_work
from apps.roster.models import RosterAssignment, RosterOverride, Rotation, Shift
from apps.roster.words import length_words, run_words, times_words

# A run under way started up to two local days ago; zones differ by a day.
_AROUND = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of a shift, or a part of it: who is on it, and who would be but for leave.

    Ids in order. ``start_on`` is the local date on which the run starts, which is what the roster
    speaks of; ``usual`` is how long it lasts when no clock is changed in it.
    """

    shift: Shift
    start_on: date
    start_at: datetime
    end_at: datetime
    people: tuple[str, ...]
    on_leave: tuple[str, ...]
    usual: timedelta

    @property
    def clock_words(self) -> str:
        """Return the run's times on the clock of the shift's zone, without its day."""
        return times_words(self.start_at, self.end_at, self.shift.time_zone)

    @property
    def words(self) -> str:
        """Return the run on the clock of the shift's zone."""
        return run_words(self.start_at, self.end_at, self.shift.time_zone)

    @property
    def length(self) -> str:
        """Return how long it really lasts."""
        return length_words(self.end_at - self.start_at)

    @property
    def clock_change(self) -> str:
        """Return what a change of the clocks does to it, empty for nearly every run."""
        longer = self.end_at - self.start_at - self.usual
        if not longer:
            return ""
        return f"{length_words(abs(longer))} {'longer' if longer > timedelta() else 'shorter'}"


def hours_of(shift: Shift, calendars: Calendars | None = None) -> ShiftFacts:
    """Return the shift's hours as the engine takes them, its work and sites left out.

    Args:
        shift: whose hours.
        calendars: the days off by calendar, read once by who asks for many shifts.
    """
    if shift.calendar_id is None:
        return shift_facts(shift, {})
    return shift_facts(shift, days_off() if calendars is None else calendars)


def calendars_of(shifts: Iterable[Shift]) -> Calendars:
    """Return the days off of the shifts' calendars, read once and only where one has any."""
    keeping = [shift for shift in shifts if shift.calendar_id is not None]
    if not keeping:
        return {}
    prefetch_related_objects(keeping, "calendar")
    return days_off()


def facts_of(shift: Shift, calendars: Calendars | None = None) -> ShiftFacts:
    """Return the shift as the engine takes it; prefetched work and sites are used."""
    sites = None if shift.all_sites else [row.site.code for row in shift.site_rows.all()]
    return with_work(hours_of(shift, calendars), work_of(shift), sites)


def work_of(shift: Shift) -> tuple[WorkType, ...]:
    """Return the shift's kinds of work; prefetched ones are used."""
    rows = sorted(shift.work_types.all(), key=lambda row: row.pk)
    return tuple(
        WorkType(row.modality, row.body_part, row.subspecialty, row.urgency) for row in rows
    )


def roster_book(
    first_on: date,
    last_on: date,
    *,
    shift_ids: Collection[int] | None = None,
) -> RosterBook:
    """Return the roster for runs that start on these days, both included.

    Args:
        first_on: in any zone; some days more on either side are read.
        last_on: likewise.
        shift_ids: only these shifts; None is all.
    """
    first_on, last_on = days_around(first_on, last_on)
    rows = RosterAssignment.objects.filter(
        Q(end_date__isnull=True) | Q(end_date__gte=first_on),
        status=RosterStatus.ACTIVE,
        start_date__lte=last_on,
    )
    rotations = Rotation.objects.filter(
        Q(end_date__isnull=True) | Q(end_date__gte=first_on),
        status=RosterStatus.ACTIVE,
        start_date__lte=last_on,
    )
    overrides = RosterOverride.objects.filter(
        status=RosterStatus.ACTIVE, start_date__lte=last_on, end_date__gte=first_on
    )
    shifts = Shift.objects.all() if shift_ids is None else Shift.objects.filter(pk__in=shift_ids)
    if shift_ids is not None:
        rows = rows.filter(shift__in=shift_ids)
        rotations = rotations.filter(shift__in=shift_ids)
        overrides = overrides.filter(Q(shift__isnull=True) | Q(shift__in=shift_ids))
    return roster_facts(
        rows=rows,
        overrides=overrides,
        rotations=rotations.prefetch_related("turns"),
        codes=dict(shifts.values_list("pk", "code")),
    ).book()


def days_around(first_on: date, last_on: date) -> tuple[date, date]:
    """Return dates far enough apart to hold what reaches into these from other zones and nights."""
    first_on, last_on = max(first_on, date.min + _AROUND), min(last_on, date.max - _AROUND)
    return first_on - _AROUND, last_on + _AROUND


def running(shifts: Iterable[Shift], at: datetime) -> Mapping[str, OnShift]:
    """Return who is on the shifts that run at the moment, by code; those off are left out."""
    active = [shift for shift in shifts if shift.is_active and is_zone(shift.time_zone)]
    if not active:
        return {}
    day = at.date()
    book = roster_book(day - _AROUND, day + _AROUND, shift_ids=[shift.pk for shift in active])
    calendars = calendars_of(active)
    return cover([hours_of(shift, calendars) for shift in active], book, at).running


def turns(
    shifts: Iterable[Shift], book: RosterBook, start_at: datetime, end_at: datetime
) -> Sequence[Turn]:
    """Return the runs that share a moment with the span, in order of their start and code."""
    active = [shift for shift in shifts if shift.is_active and is_zone(shift.time_zone)]
    calendars = calendars_of(active)
    found = [
        turn
        for shift in active
        for turn in _turns_of(shift, hours_of(shift, calendars), book, start_at, end_at)
    ]
    return sorted(found, key=lambda turn: (turn.start_at, turn.shift.code))


def _turns_of(
    shift: Shift, facts: ShiftFacts, book: RosterBook, start_at: datetime, end_at: datetime
) -> Iterable[Turn]:
    for run in occurrences(facts, start_at, end_at):
        stretches = book.stretches(facts, run)
        for part in stretches:
            is_whole = len(stretches) == 1
            usual = _usual(facts) if is_whole else part.end_at - part.start_at
            away = tuple(sorted((*part.on_leave, *part.on_other_work)))
            yield Turn(shift, run.start_on, part.start_at, part.end_at, part.people, away, usual)


def _usual(facts: ShiftFacts) -> timedelta:
    """Return how long a run lasts on a day on which no clock is changed."""
    any_day = date(2000, 1, 1)
    start = datetime.combine(any_day, facts.start_local)
    end = datetime.combine(any_day, facts.end_local)
    return end - start if end > start else end - start + timedelta(days=1)
