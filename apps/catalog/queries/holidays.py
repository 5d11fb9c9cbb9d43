"""The days off of calendars: public holidays, and what a department says itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache

import holidays

from apps.catalog.choices import CalendarDayKind
from apps.catalog.models import CalendarDay, HolidayCalendar
from apps.core import clock

_FIRST_YEAR, _YEARS_AHEAD = 2000, 5
"""From when and how far ahead holidays are known; an open-ended roster looks no further.

The first year never moves: turns are counted over holidays from the day on which a rotation
began, and must not change hands because a year has passed.
"""


def days_off() -> dict[str, frozenset[date]]:
    """Return the holidays and closures of every calendar by its code."""
    own: dict[int, list[CalendarDay]] = defaultdict(list)
    for day in CalendarDay.objects.all():
        own[day.calendar_id].append(day)
    return {
        calendar.code: frozenset(named_days(calendar, own[calendar.pk]))
        for calendar in HolidayCalendar.objects.all()
    }


def named_days(calendar: HolidayCalendar, own: Iterable[CalendarDay]) -> dict[date, str]:
    """Return the days off of a calendar with their names, in order.

    Args:
        calendar: whose country and region count.
        own: its own days, which win over public holidays.
    """
    last_year = clock.now().year + _YEARS_AHEAD
    found = dict(public_holidays(calendar.country, calendar.subdivision, _FIRST_YEAR, last_year))
    for day in own:
        if day.kind == CalendarDayKind.WORKING:
            found.pop(day.on, None)
        else:
            found[day.on] = day.name
    return dict(sorted(found.items()))


@lru_cache(maxsize=64)
def public_holidays(
    country: str, subdivision: str, first_year: int, last_year: int
) -> Mapping[date, str]:
    """Return the public holidays of a region, years included, with their names in English.

    A country or region that is unknown has none; forms refuse such.
    """
    if not country:
        return {}
    years = range(first_year, last_year + 1)
    try:
        return dict(
            holidays.country_holidays(
                country, subdiv=subdivision or None, years=years, language="en_US"
            )
        )
    except NotImplementedError:
        return {}
