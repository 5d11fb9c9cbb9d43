"""What a department means with its shifts, read for the sweep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from apps.catalog.models import CalendarDay, HolidayCalendar
from apps.catalog.queries.holidays import named_days
from apps.engine.timeline.facts import Intents, PlannedGapFacts
from apps.roster.models import PlannedGap, Shift


def intents() -> Intents:
    """Return how many readers are wanted, which gaps are planned and what days off are called."""
    return Intents(
        readers_wanted=dict(
            Shift.objects.filter(is_active=True)
            .exclude(readers_wanted=1)
            .values_list("code", "readers_wanted")
        ),
        gaps=tuple(
            PlannedGapFacts(
                gap.shift.code,
                gap.start_date,
                gap.end_date,
                frozenset(gap.weekdays),
                gap.reason,
            )
            for gap in PlannedGap.objects.select_related("shift").order_by("pk")
        ),
        days_off=_days_off(),
    )


def _days_off() -> Mapping[str, Mapping[date, str]]:
    own: dict[int, list[CalendarDay]] = defaultdict(list)
    for day in CalendarDay.objects.all():
        own[day.calendar_id].append(day)
    return {
        calendar.code: named_days(calendar, own[calendar.pk])
        for calendar in HolidayCalendar.objects.all()
    }
