"""Who is on which shift when, worked out by the engine's own code from the roster's rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Q

from apps.engine.codes import Strategy
from apps.engine.coverage import OnShift, RosterBook, cover
from apps.engine.facts import (
    Config,
    LeaveFacts,
    RosterRow,
    ShiftFacts,
    SwapFacts,
    WorkType,
)
from apps.engine.occurrences import local_date, occurrences
from apps.roster.choices import OverrideKind, RosterStatus
from apps.roster.models import RosterAssignment, RosterOverride, Shift
from apps.roster.words import length_words, run_words, times_words

# A run under way started up to two local days ago; zones differ by a day.
_AROUND = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of a shift: who is on it and who would be but for leave, as ids in order.

    ``zone`` is the shift's; ``usual`` is how long a run lasts when no clock is changed in it.
    """

    shift: Shift
    start_at: datetime
    end_at: datetime
    people: tuple[str, ...]
    on_leave: tuple[str, ...]
    usual: timedelta

    @property
    def start_on(self) -> date:
        """Return the local date on which it starts, which is what the roster speaks of."""
        return local_date(self.start_at, self.shift.time_zone)

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


def hours_of(shift: Shift) -> ShiftFacts:
    """Return the shift's hours as the engine takes them, its work and sites left out."""
    return ShiftFacts(
        code=shift.code,
        name=shift.name,
        work_types=(),
        sites=None,
        priority_level=shift.priority_level,
        start_local=shift.start_local,
        end_local=shift.end_local,
        weekdays=frozenset(shift.weekdays),
        zone=shift.time_zone,
        strategy=Strategy(shift.strategy),
        required_subspecialty=shift.required_subspecialty,
    )


def facts_of(shift: Shift) -> ShiftFacts:
    """Return the shift as the engine takes it; prefetched work and sites are used."""
    sites = frozenset(row.site.code for row in shift.site_rows.all())
    return replace(
        hours_of(shift), work_types=work_of(shift), sites=None if shift.all_sites else sites
    )


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
        first_on: in any zone; a day more on either side is read.
        last_on: likewise.
        shift_ids: only these shifts; None is all.
    """
    first_on, last_on = first_on - timedelta(days=1), last_on + timedelta(days=1)
    rows = RosterAssignment.objects.filter(
        Q(end_date__isnull=True) | Q(end_date__gte=first_on),
        status=RosterStatus.ACTIVE,
        start_date__lte=last_on,
    )
    overrides = RosterOverride.objects.filter(
        status=RosterStatus.ACTIVE, start_date__lte=last_on, end_date__gte=first_on
    )
    if shift_ids is not None:
        rows = rows.filter(shift__in=shift_ids)
        overrides = overrides.filter(Q(shift__isnull=True) | Q(shift__in=shift_ids))
    return _book(
        rows.values_list("shift__code", "radiologist_id", "start_date", "end_date"),
        overrides.select_related("shift"),
    )


def _book(
    rows: Iterable[tuple[str, str, date, date | None]], overrides: Iterable[RosterOverride]
) -> RosterBook:
    leaves, swaps, extras = [], [], []
    for row in overrides:
        days = row.start_date, row.end_date
        if row.kind == OverrideKind.LEAVE:
            leaves.append(LeaveFacts(row.radiologist_id, *days))
        elif row.shift is not None and row.taker_id:
            swaps.append(SwapFacts(row.shift.code, row.radiologist_id, row.taker_id, *days))
        elif row.shift is not None:
            extras.append(RosterRow(row.shift.code, row.radiologist_id, *days))
    return RosterBook(
        Config(
            versions={},
            sites=(),
            shifts=(),
            radiologists=(),
            roster=tuple(RosterRow(*row) for row in rows),
            rules=(),
            leaves=tuple(leaves),
            swaps=tuple(swaps),
            extras=tuple(extras),
        )
    )


def running(shifts: Iterable[Shift], at: datetime) -> Mapping[str, OnShift]:
    """Return who is on the shifts that run at the moment, by code; those off are left out."""
    active = [shift for shift in shifts if shift.is_active]
    if not active:
        return {}
    day = at.date()
    book = roster_book(day - _AROUND, day + _AROUND, shift_ids=[shift.pk for shift in active])
    return cover(map(hours_of, active), book, at).running


def turns(
    shifts: Iterable[Shift], book: RosterBook, start_at: datetime, end_at: datetime
) -> Sequence[Turn]:
    """Return the runs that share a moment with the span, in order of their start and code."""
    found = [
        turn
        for shift in shifts
        if shift.is_active
        for turn in _turns_of(shift, book, start_at, end_at)
    ]
    return sorted(found, key=lambda turn: (turn.start_at, turn.shift.code))


def _turns_of(
    shift: Shift, book: RosterBook, start_at: datetime, end_at: datetime
) -> Iterable[Turn]:
    facts = hours_of(shift)
    for run in occurrences(facts, start_at, end_at):
        seats = sorted(book.people(shift.code, run.start_on))
        away = tuple(person for person in seats if book.is_on_leave(person, run.start_on))
        here = tuple(person for person in seats if person not in away)
        yield Turn(shift, run.start_at, run.end_at, here, away, _usual(facts))


def _usual(facts: ShiftFacts) -> timedelta:
    """Return how long a run lasts on a day on which no clock is changed."""
    any_day = date(2000, 1, 1)
    start = datetime.combine(any_day, facts.start_local)
    end = datetime.combine(any_day, facts.end_local)
    return end - start if end > start else end - start + timedelta(days=1)
