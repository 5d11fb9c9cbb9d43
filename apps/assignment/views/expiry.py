"""What people may read by and what ends soon: the list, and what of one person ends."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from apps.assignment.forms_expiry import ExpiryForm
from apps.assignment.queries.expiry import expiry
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.core.paging import page_number
from apps.roster.queries import radiologists as radiologist_queries


@require_safe
@require(Permission.RADIOLOGIST_VIEW)
def expiring(request: GuardedRequest) -> HttpResponse:
    """List what ends soon, and what has ended although its holder is rostered."""
    form = ExpiryForm(request.GET or {"days": "90"})
    found = expiry(form.wanted(), request.access, at=clock.now(), page=page_number(request))
    context = {"filters": form, "expiry": found, "page": found.page}
    return render_part(request, "expiry/expiring.html", "expiry/_expiring.html", context)


@require_safe
@require(Permission.RADIOLOGIST_VIEW)
def expiring_of(request: GuardedRequest, radiologist_id: str) -> HttpResponse:
    """Say what of one person ends within half a year, or has ended."""
    person = get_object_or_404(radiologist_queries.seen(request.scope), pk=radiologist_id)
    wanted = ExpiryForm({"days": "180"}).wanted(person.pk)
    context = {"person": person, "expiry": expiry(wanted, request.access, at=clock.now())}
    return render_part(request, "expiry/of_person.html", "expiry/_of_person.html", context)
