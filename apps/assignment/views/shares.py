"""The pages of shares: a reader's own, one reader's for managers, the department's."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps.assignment.queries.shares.department import shares
from apps.assignment.queries.shares.own import share_of
from apps.assignment.views.my_page import for_reader
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.roster.models import Radiologist
from apps.roster.queries import radiologists as people


@require_safe
@for_reader
def my_share(request: GuardedRequest, reader: Radiologist) -> HttpResponse:
    """Show a reader their own share of the work, and why it is what it is."""
    at = clock.now()
    context = {"share": share_of(reader.pk, at=at), "person": reader, "is_own": True, "at": at}
    return render(request, "shares/share.html", context)


@require_safe
@require(Permission.RADIOLOGIST_VIEW)
def radiologist_share(request: GuardedRequest, radiologist_id: str) -> HttpResponse:
    """Show a manager one reader's share; studies of other sites are counted and not named."""
    person = get_object_or_404(people.in_full(request.scope), pk=radiologist_id)
    at, access = clock.now(), request.access
    context = {
        "share": share_of(person.pk, at=at, scope=access.scope(Permission.STUDY_VIEW)),
        "person": person,
        "may_change": people.may_change(person, access.scope(Permission.RADIOLOGIST_CHANGE)),
        "at": at,
    }
    return render(request, "shares/share.html", context)


@require_safe
@require(Permission.RADIOLOGIST_VIEW)
def department(request: GuardedRequest) -> HttpResponse:
    """Show how the work of those on duty is shared, shift by shift."""
    at = clock.now()
    found = shares(at=at, people=request.scope, shifts=request.access.scope(Permission.SHIFT_VIEW))
    return render(request, "shares/department.html", {"shares": found, "at": at})
