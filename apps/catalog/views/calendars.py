"""The pages of holiday calendars.

A calendar belongs to every site that goes by it, now or later, so it takes who may change all.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page
from apps.audit.queries.history import history
from apps.catalog.effects import CALENDAR_CHANGED, CalendarChange
from apps.catalog.forms.calendars import CalendarForm, DayForm
from apps.catalog.models import CalendarDay, HolidayCalendar
from apps.catalog.queries import calendars as queries
from apps.catalog.queries.holidays import named_days
from apps.catalog.queries.references import references
from apps.catalog.queries.regions import region_words
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require, require_everywhere


@require_safe
@require(Permission.SITE_VIEW)
def calendars(request: GuardedRequest) -> HttpResponse:
    """List the calendars with what goes by them."""
    today = timezone.localdate(clock.now())
    context = {
        "rows": queries.rows_of(queries.calendars(request.scope), today),
        "may_change": request.access.scope(Permission.SITE_CHANGE).everywhere,
    }
    return render(request, "catalog/calendars.html", context)


@require_safe
@require(Permission.SITE_VIEW)
def calendar(request: GuardedRequest, calendar_id: int) -> HttpResponse:
    """Show a calendar's days of this year and the next, and what goes by it."""
    found = get_object_or_404(queries.calendars(request.scope), pk=calendar_id)
    at = clock.now()
    context = {
        "calendar": found,
        "region": region_words(found.country, found.subdivision),
        "years": queries.years_of(found, timezone.localdate(at)),
        "shifts": queries.shifts_of(found, request.access.scope(Permission.SHIFT_VIEW)),
        "may_change": request.access.scope(Permission.SITE_CHANGE).everywhere,
        "history": history(queries.subject_of(found)),
        "at": at,
    }
    return render(request, "catalog/calendar.html", context)


@require_safe
@require(Permission.SITE_VIEW)
def regions(request: GuardedRequest) -> HttpResponse:
    """Offer the regions of the country that was chosen."""
    form = CalendarForm(asked_country=request.GET.get("country", ""))
    return render(request, "catalog/_region.html", {"field": form["subdivision"]})


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.SITE_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Add a calendar."""
    form = CalendarForm(request.POST or None)
    return edit_page(request, form, _EDITING, back=reverse("calendars"))


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.SITE_CHANGE)
def edit(request: GuardedRequest, calendar_id: int) -> HttpResponse:
    """Edit a calendar's name and region."""
    found = _calendar(calendar_id)
    form = CalendarForm(request.POST or None, instance=found)
    back = reverse("calendar", args=[calendar_id])
    return edit_page(request, form, _EDITING, back=back, subject=queries.subject_of(found))


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.SITE_CHANGE)
def delete(request: GuardedRequest, calendar_id: int) -> HttpResponse:
    """Delete a calendar that nothing goes by; otherwise say what does."""
    found = _calendar(calendar_id)
    uses = references(found, parts=queries.DAY_PARTS)
    return delete_page(
        request,
        found,
        noun="Calendar",
        back=reverse("calendars"),
        effects=[Effect(words) for words in uses] or [Effect("Its own days go with it.")],
        refused="It cannot be deleted while these go by it:" if uses else "",
    )


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.SITE_CHANGE)
def add_day(request: GuardedRequest, calendar_id: int) -> HttpResponse:
    """Add a day of the department's own, or several in a row."""
    found = _calendar(calendar_id)
    said = {name: request.GET[name] for name in ("on", "kind") if name in request.GET}
    form = DayForm(request.POST or None, instance=CalendarDay(calendar=found), initial=said)
    editing = _DAY.showing(calendar=found)
    return edit_page(request, form, editing, back=reverse("calendar", args=[calendar_id]))


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.SITE_CHANGE)
def edit_day(request: GuardedRequest, calendar_id: int, day_id: int) -> HttpResponse:
    """Change a day of the department's own."""
    day = _day(calendar_id, day_id)
    form = DayForm(request.POST or None, instance=day)
    back = reverse("calendar", args=[calendar_id])
    editing = _DAY.showing(calendar=day.calendar, day=day)
    return edit_page(request, form, editing, back=back, subject=queries.subject_of_day(day))


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.SITE_CHANGE)
def delete_day(request: GuardedRequest, calendar_id: int, day_id: int) -> HttpResponse:
    """Take a day of the department's own away, once its effect was shown."""
    day = _day(calendar_id, day_id)
    kept = [one for one in day.calendar.days.all() if one.pk != day.pk]
    return delete_page(
        request,
        day,
        noun="Day",
        back=reverse("calendar", args=[calendar_id]),
        effects=_followed(day.calendar, day.calendar, kept),
    )


def _calendar(calendar_id: int) -> HolidayCalendar:
    return get_object_or_404(HolidayCalendar, pk=calendar_id)


def _day(calendar_id: int, day_id: int) -> CalendarDay:
    days = CalendarDay.objects.select_related("calendar").filter(calendar=calendar_id)
    return get_object_or_404(days, pk=day_id)


def _effects(form: CalendarForm) -> Sequence[Effect]:
    stored = HolidayCalendar.objects.filter(pk=form.instance.pk).first()
    if stored is None:
        return [Effect("Counts once a site or a shift goes by it.")]
    return _followed(stored, form.instance, list(stored.days.all()))


def _day_effects(form: DayForm) -> Sequence[Effect]:
    found = form.instance.calendar
    rows = form.rows()
    known = {row.pk for row in rows}
    kept = [day for day in found.days.all() if day.pk not in known]
    return _followed(found, found, [*kept, *rows])


def _followed(
    before: HolidayCalendar, after: HolidayCalendar, own: Sequence[CalendarDay]
) -> list[Effect]:
    """Return what follows for those who go by the calendar, from its days before and after."""
    was = frozenset(named_days(before, before.days.all()))
    change = CalendarChange(before, was, frozenset(named_days(after, own)))
    if change.before == change.after:
        return []
    return CALENDAR_CHANGED.answers(change)


_EDITING = Editing("Calendar", effects=_effects, template="catalog/calendar_edit.html")
_DAY = Editing("Day", effects=_day_effects, template="catalog/calendar_day.html")
