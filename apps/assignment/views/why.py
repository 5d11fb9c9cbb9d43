"""Why a study has its reader, or has none."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.assignment.queries.why import Why, current_assignment_id, why_assigned, why_unassigned
from apps.assignment.queries.why_more import (
    More,
    Viewer,
    more_of_assignment,
    more_of_unassigned,
)
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part


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


@require_safe
@require(Permission.STUDY_VIEW)
def more(request: GuardedRequest, assignment_id: int) -> HttpResponse:
    """Answer what is asked of an assignment beyond its trace."""
    found = more_of_assignment(assignment_id, viewer=_viewer(request), reader=_reader(request))
    return _more_page(request, found)


@require_safe
@require(Permission.STUDY_VIEW)
def more_not(request: GuardedRequest, order_id: int) -> HttpResponse:
    """Answer what is asked of an order without a reader; once it has one, of the assignment."""
    viewer, reader = _viewer(request), _reader(request)
    found = more_of_unassigned(order_id, viewer=viewer, at=clock.now(), reader=reader)
    if found is not None:
        return _more_page(request, found)
    current = current_assignment_id(order_id, scope=request.scope)
    return _more_page(request, None) if current is None else redirect("why-more", current)


def _viewer(request: GuardedRequest) -> Viewer:
    return Viewer(request.scope, request.access, timezone.get_current_timezone())


def _reader(request: GuardedRequest) -> str:
    return request.GET.get("reader", "")[:64]


def _more_page(request: GuardedRequest, found: More | None) -> HttpResponse:
    if found is None:
        raise Http404
    context = {"more": found, "at": clock.now(), "address": request.path}
    return render_part(request, "assignment/why_more.html", "assignment/_why_more.html", context)
