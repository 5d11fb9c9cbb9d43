"""The columns of the grid: days on a zone's clock, with what is special about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from apps.catalog.models import HolidayCalendar, Site
from apps.catalog.queries.holidays import named_days
from apps.engine.occurrences import wall_to_utc
from apps.roster.models import Shift
from apps.roster.words import length_words

_DAY = timedelta(days=1)


class CalendarInUse(NamedTuple):
    """A holiday calendar by its code, with the names of its days off."""

    code: str
    names: Mapping[date, str]


@dataclass(frozen=True, slots=True)
class Day:
    """A column; past and today by the grid's zone. The label is the date in full.

    ``holidays`` names the holidays and closures of the calendars in use. ``length_note`` says
    how long the day is where the clocks change on it.
    """

    on: date
    is_today: bool
    is_past: bool
    label: str
    start_at: datetime
    end_at: datetime
    holidays: Sequence[str] = ()

    @property
    def length_note(self) -> str:
        """Return how long the day is where it is not 24 hours, else nothing."""
        length = self.end_at - self.start_at
        return "" if length == _DAY else f"{length_words(length)}: the clocks change"


def days_shown(
    first_on: date, count: int, zone: str, today: date, calendars: Iterable[CalendarInUse] = ()
) -> list[Day]:
    """Return days from the first on, as they are on a zone's clock."""
    named = holidays_named(calendars, first_on, first_on + (count - 1) * _DAY)
    dates = (first_on + ahead * _DAY for ahead in range(count))
    return [
        Day(
            on,
            is_today=on == today,
            is_past=on < today,
            label=f"{on:%A} {on.day} {on:%B}",
            start_at=midnight(on, zone),
            end_at=midnight(on + _DAY, zone),
            holidays=named.get(on, ()),
        )
        for on in dates
    ]


def midnight(on: date, zone: str) -> datetime:
    """Return the moment at which a date begins on a zone's clock."""
    return wall_to_utc(datetime.combine(on, time.min), zone, is_end=False)


def calendars_in_use() -> list[CalendarInUse]:
    """Return the days off of the calendars that an active shift or site keeps, by code."""
    of_shifts = Exists(Shift.objects.filter(calendar=OuterRef("pk"), is_active=True))
    of_sites = Exists(Site.objects.filter(calendar=OuterRef("pk"), is_active=True))
    rows = HolidayCalendar.objects.filter(of_shifts | of_sites).prefetch_related("days")
    return [CalendarInUse(row.code, named_days(row, row.days.all())) for row in rows]


def holidays_named(
    calendars: Iterable[CalendarInUse], first_on: date, last_on: date
) -> Mapping[date, Sequence[str]]:
    """Return the names of the holidays and closures of calendars, by date.

    Where there are several calendars, each name says whose it is.
    """
    shown = list(calendars)
    found: dict[date, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for calendar in shown:
        for on, name in calendar.names.items():
            if first_on <= on <= last_on:
                found[on][name].append(calendar.code)
    is_one = len(shown) == 1
    return {
        on: [name if is_one else f"{name} ({', '.join(codes)})" for name, codes in names.items()]
        for on, names in found.items()
    }
