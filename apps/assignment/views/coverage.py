"""Coverage: what nobody may be given when, and why."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from apps.assignment.forms_coverage import CoverageFilterForm, MomentForm
from apps.assignment.queries import coverage as queries
from apps.assignment.queries.coverage_who import Sheet, who_at, who_of_line
from apps.core import clock
from apps.core.access import Permission, Scope
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.core.paging import page_number
from apps.engine.occurrences import local_date


@require_safe
@require(Permission.ROSTER_VIEW)
def coverage(request: GuardedRequest) -> HttpResponse:
    """Show how the work of the viewer's sites is covered, by the hour or by the day."""
    form, at = CoverageFilterForm(request.GET, scope=request.scope), clock.now()
    wanted = form.wanted(local_date(at, form.zone_name()))
    found = queries.covered(wanted, request.scope, at=at, page=page_number(request))
    context = {"filters": form, "coverage": found, "wanted": wanted, "at": at}
    return render_part(request, "assignment/coverage.html", "assignment/_coverage.html", context)


@require_safe
@require(Permission.ROSTER_VIEW)
def then(request: GuardedRequest) -> HttpResponse:
    """Show who may be given which work at a moment, or in a cell of the coverage page."""
    form, now = MomentForm(request.GET, scope=request.scope), clock.now()
    if form.seeks_elsewhere():
        raise Http404
    at = form.moment(now)
    sheet = _sheet(form, request.scope, at) if at is not None else None
    asking = MomentForm(initial=form.asked(at or now), scope=request.scope)
    context = {"form": form if form.errors else asking, "sheet": sheet, "zone": form.zone_name()}
    return render_part(
        request, "assignment/coverage_then.html", "assignment/_coverage_then.html", context
    )


def _sheet(form: MomentForm, scope: Scope, at: datetime) -> Sheet:
    wanted, (key, column) = form.wanted(local_date(at, form.zone_name())), form.line()
    if not key:
        return who_at(wanted, scope, at=at)
    sheet = who_of_line(wanted, scope, key=key, column=column, at=at)
    if sheet is None:
        raise Http404
    return sheet
