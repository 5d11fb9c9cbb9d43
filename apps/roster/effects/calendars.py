"""What shifts have to say when a day of a holiday calendar changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.utils import timezone

from apps.audit.editing import Effect
from apps.catalog.effects import CalendarChange
from apps.core import clock
from apps.roster.choices import HolidayModeChoices
from apps.roster.effects.roster import day_words, some
from apps.roster.models import Shift
from apps.roster.queries.plan import Plan, plan_of

_AHEAD = timedelta(days=370)
_DAY = timedelta(days=1)
_LOOKED_AT = 40
"""Days of a change that are looked at: a year of public holidays has fewer."""


def days_changed(change: CalendarChange) -> list[Effect]:
    """Return which shifts no longer run on a day or run on it now, and where nobody is on."""
    at = clock.now()
    days = _days(change, at)
    shifts = list(
        Shift.objects.filter(calendar=change.calendar, is_active=True)
        .exclude(holiday_mode=HolidayModeChoices.RUNS)
        .select_related("calendar")
    )
    if not shifts:
        return [Effect("No shift rests or runs by this calendar, so none changes.")]
    plan = plan_of(shifts, days[0], days[-1]) if days else None
    found = list(_followed(plan, change, days)) if plan else []
    return found or [Effect("No run of the next twelve months changes.")]


def _days(change: CalendarChange, at: datetime) -> list[date]:
    today = timezone.localdate(at)
    changed = sorted(on for on in change.before ^ change.after if today <= on < today + _AHEAD)
    return changed[:_LOOKED_AT]


def _followed(plan: Plan, change: CalendarChange, days: Sequence[date]) -> Iterator[Effect]:
    code = change.calendar.code
    before = replace(plan, calendars={**plan.calendars, code: change.before})
    after = replace(plan, calendars={**plan.calendars, code: change.after})
    was, will = (_running(one, days) for one in (before, after))
    bare: dict[str, list[date]] = {}
    for on in days:
        for shift in will[on].keys() - was[on].keys():
            if not will[on][shift]:
                bare.setdefault(shift, []).append(on)
    for shift, dates in sorted(bare.items()):
        when = some([day_words(on) for on in dates], " more days")
        yield Effect(f"Nobody is on {shift} on {when}.", "alarm")
    for on in days:
        yield from _of_day(on, was[on], will[on])


def _of_day(on: date, was: Mapping[str, bool], will: Mapping[str, bool]) -> Iterator[Effect]:
    resting, running = sorted(was.keys() - will.keys()), sorted(will.keys() - was.keys())
    if resting:
        does = "does" if len(resting) == 1 else "do"
        yield Effect(f"{some(resting)} {does} not run on {day_words(on)}.", "warn")
    if running:
        runs = "runs" if len(running) == 1 else "run"
        yield Effect(f"{some(running)} {runs} on {day_words(on)}.")


def _running(plan: Plan, days: Sequence[date]) -> Mapping[date, Mapping[str, bool]]:
    """Return by day which shifts run, by code, and whether somebody takes work on them."""
    found: dict[date, dict[str, bool]] = {on: {} for on in days}
    for run in plan.runs_from(days[0], (days[-1] - days[0]) // _DAY + 1):
        if run.start_on in found:
            is_staffed = bool(run.present) or run.is_meant_empty
            found[run.start_on][run.shift.code] = is_staffed
    return found
