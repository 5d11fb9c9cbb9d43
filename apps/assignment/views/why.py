"""Why a study has its reader, or has none."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from apps.assignment.queries.why import Why, current_assignment_id, why_assigned, why_unassigned
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require


@require_safe
@require(Permission.STUDY_VIEW)
def why(request: GuardedRequest, assignment_id: int) -> HttpResponse:
    """Show why an assignment was made."""
    return _why_page(request, why_assigned(assignment_id, scope=request.scope))


@require_safe
@require(Permission.STUDY_VIEW)
def why_not(request: GuardedRequest, order_id: int) -> HttpResponse:
    """Show why an order has no reader; once it has one, that assignment instead."""
    found = why_unassigned(order_id, scope=request.scope)
    if found is not None:
        return _why_page(request, found)
    current = current_assignment_id(order_id, scope=request.scope)
    return _why_page(request, None) if current is None else redirect("why", current)


def _why_page(request: GuardedRequest, found: Why | None) -> HttpResponse:
    if found is None:
        raise Http404
    return render(request, "assignment/why.html", {"why": found, "at": clock.now()})
