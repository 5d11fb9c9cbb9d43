"""Holiday calendars, as their pages show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Prefetch, Q, QuerySet

from apps.audit.queries.history import Subject
from apps.catalog.choices import CalendarDayKind
from apps.catalog.models import CalendarDay, HolidayCalendar, Site
from apps.catalog.queries.holidays import named_days, public_holidays
from apps.catalog.queries.regions import region_words
from apps.core.access import Scope

DAY_PARTS = ("catalog_calendarday",)
_YEARS_SHOWN = 2


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A calendar in the list; ``next`` is its next day off with its name."""

    calendar: HolidayCalendar
    region: str
    next: tuple[date, str] | None


@dataclass(frozen=True, slots=True)
class ShownDay:
    """A day of a calendar's year; ``own`` is the department's own word on it."""

    on: date
    name: str
    own: CalendarDay | None

    @property
    def is_off(self) -> bool:
        """Return whether shifts count it as a day off."""
        return self.own is None or self.own.kind != CalendarDayKind.WORKING


@dataclass(frozen=True, slots=True)
class Year:
    """A year of a calendar, its days in order."""

    number: int
    days: Sequence[ShownDay]


def calendars(scope: Scope) -> QuerySet[HolidayCalendar]:
    """Return the calendars with what uses them; sites of the scope alone are named."""
    sites = scope.limit(Site.objects.order_by("code"), "pk")
    return (
        HolidayCalendar.objects.annotate(
            shift_count=Count("shifts", filter=Q(shifts__is_active=True), distinct=True)
        )
        .prefetch_related(
            "days", "shifts", Prefetch("sites", queryset=sites, to_attr="seen_sites")
        )
        .order_by("code")
    )


def rows_of(found: Iterable[HolidayCalendar], today: date) -> list[CalendarRow]:
    """Return calendars as lines of the list."""
    return [
        CalendarRow(
            calendar,
            region_words(calendar.country, calendar.subdivision),
            next((day for day in days_off_of(calendar) if day[0] >= today), None),
        )
        for calendar in found
    ]


def days_off_of(calendar: HolidayCalendar) -> list[tuple[date, str]]:
    """Return the days off of a calendar with their names, in order."""
    return list(named_days(calendar, calendar.days.all()).items())


def years_of(calendar: HolidayCalendar, today: date) -> list[Year]:
    """Return this year and the next: public holidays, and what the department says itself."""
    last = today.year + _YEARS_SHOWN - 1
    own = {day.on: day for day in calendar.days.all()}
    public = public_holidays(calendar.country, calendar.subdivision, today.year, last)
    years: defaultdict[int, list[ShownDay]] = defaultdict(list)
    for on in sorted({*own, *public}):
        said = own.get(on)
        years[on.year].append(ShownDay(on, said.name if said else public[on], said))
    return [Year(number, years[number]) for number in range(today.year, last + 1)]


def shifts_of(calendar: HolidayCalendar, scope: Scope) -> list[str]:
    """Return the active shifts that name the calendar and serve a site of the scope, by code."""
    found = scope.limit_placed(calendar.shifts.filter(is_active=True), "site_rows__site")
    return [str(shift) for shift in found.order_by("code")]


def subject_of(calendar: HolidayCalendar) -> Subject:
    """Return whose history the calendar's page shows."""
    return Subject(
        "catalog_holidaycalendar", str(calendar.pk), {"catalog_calendarday": "calendar_id"}
    )


def subject_of_day(day: CalendarDay) -> Subject:
    """Return whose history tells of changes of a day made meanwhile."""
    return Subject("catalog_calendarday", str(day.pk))


def shared_calendar(sites: QuerySet[Site]) -> int | None:
    """Return the key of the calendar that all of these sites go by, None without one."""
    found = list(sites.order_by().values_list("calendar", flat=True).distinct()[:2])
    return found[0] if len(found) == 1 else None
