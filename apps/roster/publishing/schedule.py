"""The final schedule: who does which hours, after rotations, overrides, swaps and leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from apps.engine.occurrences import local_date
from apps.roster.choices import CalendarKind
from apps.roster.hours import Span, merged
from apps.roster.models import CalendarFeed, RosterAssignment, RosterOverride, RotationTurn, Shift
from apps.roster.queries.plan import Run, plan_of

WEEKS_BACK = 4
WEEKS_AHEAD = 26
_LARGEST_ZONE = "Pacific/Kiritimati"


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody works from ``start_at`` to ``end_at`` of one run of a shift, without a break.

    ``number`` tells apart several stretches of one person on one date.
    """

    shift: Shift
    person_id: str
    person: str
    on: date
    number: int
    start_at: datetime
    end_at: datetime


def days_around(at: datetime) -> tuple[date, date]:
    """Return the dates that a published calendar holds, both included."""
    today = local_date(at, _LARGEST_ZONE)
    return today - timedelta(weeks=WEEKS_BACK), today + timedelta(weeks=WEEKS_AHEAD)


def duties(feed: CalendarFeed, *, at: datetime) -> Iterator[Duty]:
    """Yield what a calendar holds, shift by shift in order of time."""
    first_on, last_on = days_around(at)
    shifts = shifts_of(feed).select_related("calendar").order_by("code")
    plan = plan_of(shifts, first_on, last_on)
    only = feed.radiologist_id if feed.kind == CalendarKind.PERSON else None
    numbers: dict[tuple[int, date, str], int] = {}
    for run in plan.runs_from(first_on, (last_on - first_on).days + 1):
        for person, span in _stretches(run, only):
            record = plan.people.get(person)
            if record is None or not record.is_active:
                continue
            key = (run.shift.pk, run.start_on, person)
            numbers[key] = numbers.get(key, 0) + 1
            yield Duty(run.shift, person, record.full_name, run.start_on, numbers[key], *span)


def _stretches(run: Run, only: str | None) -> Iterator[tuple[str, Span]]:
    """Yield who works on a run when, in order of their ids."""
    working = {person for part in run.stretches for person in part.people}
    for person in sorted(working) if only is None else sorted(working & {only}):
        parts = (Span(part.start_at, part.end_at) for part in _of(run, person))
        for span in merged(parts):
            yield person, span


def _of(run: Run, person: str) -> Iterable[Span]:
    return [Span(part.start_at, part.end_at) for part in run.stretches if person in part.people]


def shifts_of(feed: CalendarFeed) -> QuerySet[Shift]:
    """Return the active shifts that a calendar is about."""
    shifts = Shift.objects.filter(is_active=True)
    if feed.kind == CalendarKind.SHIFT:
        return shifts.filter(calendars=feed)
    if feed.kind == CalendarKind.PERSON:
        return shifts.filter(pk__in=_shifts_of_person(feed.radiologist_id or ""))
    served = Q(site_rows__site=feed.site_id)
    if feed.cluster_id is not None:
        served = Q(site_rows__site__cluster=feed.cluster_id)
    return Shift.objects.filter(pk__in=shifts.filter(served | Q(all_sites=True)).values("pk"))


def _shifts_of_person(person: str) -> set[int]:
    """Return the shifts that somebody may be on: by a row, a turn, a swap or an extra turn."""
    rows = RosterAssignment.objects.filter(radiologist=person).values_list("shift", flat=True)
    turns = RotationTurn.objects.filter(radiologist=person)
    taken = RosterOverride.objects.filter(Q(radiologist=person) | Q(taker=person))
    overridden = taken.exclude(shift=None).values_list("shift", flat=True)
    rotating = turns.values_list("rotation__shift", flat=True)
    return {*rows, *rotating, *filter(None, overridden)}
