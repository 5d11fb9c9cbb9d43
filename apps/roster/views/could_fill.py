"""Who could take a turn that nobody is on."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.roster.forms.could_fill import OpeningForm
from apps.roster.queries import could_fill as queries
from apps.roster.queries import places
from apps.roster.views.back import back_to


@require_safe
@require(Permission.ROSTER_VIEW)
def could_fill(request: GuardedRequest, shift_id: int, on: date) -> HttpResponse:
    """Show who could take a run or a part of it, best fit first, and why others could not."""
    shift = get_object_or_404(places.seen_shifts(request.scope), pk=shift_id, is_active=True)
    opening = OpeningForm(request.GET, scope=request.scope).opening(shift, on)
    if opening is None:
        raise Http404
    fillers = queries.could_fill(opening, scope=request.scope)
    may = request.access.scope(Permission.ROSTER_CHANGE)
    context = {
        "opening": opening,
        "zone": timezone.get_current_timezone_name(),
        "can": [filler for filler in fillers if filler.can],
        "cannot": [filler for filler in fillers if not filler.can],
        "may_change": places.changed_shifts(may).filter(pk=shift.pk).exists(),
        "back": back_to(request, "roster"),
    }
    return render_part(request, "roster/could_fill.html", "roster/_could_fill.html", context)
