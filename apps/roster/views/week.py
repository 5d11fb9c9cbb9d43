"""The roster as a grid, and what stands behind each of its turns."""

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
from apps.roster.forms.week import GridFilterForm
from apps.roster.queries import places
from apps.roster.queries.grid import grid as queries
from apps.roster.queries.grid.emptiness import emptiness_of
from apps.roster.queries.grid.filters import View
from apps.roster.queries.grid.tray import people_offered
from apps.roster.queries.sources import news_of_sources
from apps.roster.views.back import back_to_grid


@require_safe
@require(Permission.ROSTER_VIEW)
def roster(request: GuardedRequest) -> HttpResponse:
    """Show some days: who is on which shift, and what nobody is on."""
    form, at = GridFilterForm(request.GET, scope=request.scope), clock.now()
    zone, wanted = form.zone_name(), form.wanted()
    on, page = form.shown_on(local_date(at, zone)), page_number(request)
    may = request.access.scope(Permission.ROSTER_CHANGE)
    news = news_of_sources(may)
    context = {
        "filters": form,
        "views": View,
        "grid": queries.grid(on, zone, request.scope, wanted, at=at, page=page),
        "wanted": wanted,
        "at": at,
        "may_change": bool(may) and not wanted.for_paper,
        "failing": news.failing,
        "waiting": news.waiting,
        "tray": people_offered(may) if may and not (wanted.by_person or wanted.for_paper) else (),
    }
    return render_part(request, "roster/roster.html", "roster/_grid.html", context)


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
        "why_empty": emptiness_of(found.plan, on, on).why_meant(found),
        "zone": timezone.get_current_timezone_name(),
        "at": clock.now(),
        "may_change": places.changed_shifts(may).filter(pk=shift.pk).exists(),
        "may_send_away": set(places.changed_people(may).values_list("pk", flat=True)),
        "back": back_to_grid(request),
    }
    return render_part(request, "roster/run.html", "roster/_run.html", context)
