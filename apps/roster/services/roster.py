"""Takes somebody off a shift for some days: the record is shortened, or cut in two."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import date, timedelta
from typing import TypeVar

from django.db import IntegrityError, transaction

from apps.roster.choices import RosterStatus
from apps.roster.models import RosterAssignment, RosterOverride

_DAY = timedelta(days=1)
Cut = TypeVar("Cut", bound=RosterAssignment | RosterOverride)


class ChangedMeanwhileError(IntegrityError):
    """Somebody else changed the record; the page says so as it does for other collisions."""


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
        parts.append(_part(record, max(record.start_date, last_on + _DAY), end_date))
    if not parts:
        parts = [_part(record, record.start_date, record.end_date)]
        parts[0].status = RosterStatus.CANCELLED
    for part in parts[1:]:
        part.pk = None
        part._state.adding = True  # noqa: SLF001 -- Django's public name for it
    return parts


@transaction.atomic
def cut(record: Cut, first_on: date, last_on: date | None) -> Cut:
    """Take some days off a record, and return it as it is then.

    Raises:
        ChangedMeanwhileError: it is no longer as the caller read it.
    """
    manager = type(record)._default_manager  # noqa: SLF001 -- Django's public name for it
    stored = manager.select_for_update().filter(pk=record.pk).first()
    if stored is None or _dates(stored) != _dates(record):
        raise ChangedMeanwhileError(f"{record} was changed meanwhile")
    parts = without_days(record, first_on, last_on)
    for part in parts:
        part.save()
    return parts[0]


def _part(record: Cut, start_date: date, end_date: date | None) -> Cut:
    part = copy(record)
    part._state = copy(record._state)  # noqa: SLF001 -- else both would share one
    part.start_date = start_date
    part.end_date = end_date
    return part


def _before(first_on: date, end_date: date | None) -> date:
    day_before = first_on - _DAY
    return day_before if end_date is None else min(day_before, end_date)


def _dates(record: RosterAssignment | RosterOverride) -> Sequence[object]:
    return (record.start_date, record.end_date, record.status)
