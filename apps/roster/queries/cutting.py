"""What is left of a roster record when some days are taken off it."""

from __future__ import annotations

from copy import copy
from datetime import date, timedelta
from typing import TypeVar

from apps.engine.rotation import weeks_between
from apps.roster.choices import RosterStatus
from apps.roster.models import RosterAssignment, RosterOverride

_DAY = timedelta(days=1)
_WEEK = 7
Cut = TypeVar("Cut", bound=RosterAssignment | RosterOverride)


def without_days(record: Cut, first_on: date, last_on: date | None) -> list[Cut]:
    """Return what is left of a record's dates, as unsaved copies in order of time.

    The first keeps the record's key; where nothing is left, it is the record cancelled, so that
    it is still told who was meant to be there.

    Args:
        record: stays as it is.
        first_on: the first day taken off.
        last_on: the last day taken off, None for all that follow.
    """
    parts: list[Cut] = []
    end_date: date | None = record.end_date
    if record.start_date < first_on:
        parts.append(_part(record, record.start_date, _before(first_on, end_date)))
    if last_on is not None and (end_date is None or last_on < end_date):
        start_date = _in_step(record, max(record.start_date, last_on + _DAY))
        if end_date is None or start_date <= end_date:
            parts.append(_part(record, start_date, end_date))
    if not parts:
        parts = [_part(record, record.start_date, record.end_date)]
        parts[0].status = RosterStatus.CANCELLED
    for part in parts[1:]:
        part.pk = None
        part._state.adding = True  # noqa: SLF001 -- Django's public name for it
    return parts


def lengthened(record: Cut, last_on: date) -> Cut:
    """Return an unsaved copy of a record that keeps its key and ends on another date."""
    return _part(record, record.start_date, last_on)


def _part(record: Cut, start_date: date, end_date: date | None) -> Cut:
    part = copy(record)
    part._state = copy(record._state)  # noqa: SLF001 -- else both would share one
    part.start_date = start_date
    part.end_date = end_date
    return part


def _in_step(record: RosterAssignment | RosterOverride, on: date) -> date:
    """Return the date, or where its week does not count the Monday of the next that does.

    A row of every other week counts from the week of its first day, so what is left of it has
    to begin in a week that counted before.
    """
    every = record.every_weeks if isinstance(record, RosterAssignment) else 1
    ahead = -weeks_between(record.start_date, on) % every if every > 1 else 0
    return on if not ahead else on + (ahead * _WEEK - on.isoweekday() + 1) * _DAY


def _before(first_on: date, end_date: date | None) -> date:
    day_before = first_on - _DAY
    return day_before if end_date is None else min(day_before, end_date)
