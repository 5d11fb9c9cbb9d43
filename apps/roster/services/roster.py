"""Takes somebody off a shift for some days: the record is shortened, or cut in two."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError, transaction

from apps.roster.models import RosterAssignment, RosterOverride
from apps.roster.queries.cutting import Cut, without_days

__all__ = ["ChangedMeanwhileError", "cut", "without_days"]


class ChangedMeanwhileError(IntegrityError):
    """Somebody else changed the record; the page says so as it does for other collisions."""


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


def _dates(record: RosterAssignment | RosterOverride) -> Sequence[object]:
    return (record.start_date, record.end_date, record.status)
