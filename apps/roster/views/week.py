"""The roster as a week, and what stands behind each of its cells."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.core.paging import page_number
from apps.engine.occurrences import local_date
from apps.roster.forms.week import WeekFilterForm
from apps.roster.queries import places
from apps.roster.queries import week as queries
from apps.roster.views.back import back_to


@require_safe
@require(Permission.ROSTER_VIEW)
def week(request: GuardedRequest) -> HttpResponse:
    """Show a week: who is on which shift, and what nobody is on."""
    form, at = WeekFilterForm(request.GET, scope=request.scope), clock.now()
    zone = form.zone_name()
    asked = form.start_on(local_date(at, zone))
    found = queries.week(
        asked, zone, request.scope, form.wanted(), at=at, page=page_number(request)
    )
    context = {"filters": form, "week": found, "wanted": form.wanted(), "at": at}
    return render_part(request, "roster/roster.html", "roster/_week.html", context)


@require_safe
@require(Permission.ROSTER_VIEW)
def run(request: GuardedRequest, shift_id: int, on: date) -> HttpResponse:
    """Show who is on one run and why, with what can be done about it."""
    shift = get_object_or_404(places.seen_shifts(request.scope), pk=shift_id, is_active=True)
    found = queries.run_of(shift, on)
    if found is None:
        raise Http404
    may = request.access.scope(Permission.ROSTER_CHANGE)
    context = {
        "run": found,
        "zone": timezone.get_current_timezone_name(),
        "may_change": places.changed_shifts(may).filter(pk=shift.pk).exists(),
        "may_send_away": set(places.changed_people(may).values_list("pk", flat=True)),
        "back": back_to(request, "roster"),
    }
    return render_part(request, "roster/run.html", "roster/_run.html", context)
