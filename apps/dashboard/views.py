"""The pages: the live board, and why an order has its radiologist or has none."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part, unchanged, wants_part
from apps.dashboard.days import day_of
from apps.dashboard.queries.figures import figures
from apps.dashboard.queries.recent import recent_assignments
from apps.dashboard.queries.unassigned import unassigned_queue
from apps.dashboard.queries.version import board_version
from apps.dashboard.queries.why import Why, current_assignment_id, why_assigned, why_unassigned


@require_safe
@require(Permission.BOARD_VIEW)
def board(request: GuardedRequest) -> HttpResponse:
    """Show the live board; a poll gets its part only, or 204 when nothing changed."""
    at = clock.now()
    zone = timezone.get_current_timezone()
    day = day_of(at, zone)
    # Read before the rows: what changes in between is shown twice rather than missed.
    version = board_version(day, at=at)
    if wants_part(request) and request.GET.get("version") == version:
        return unchanged()
    context = {
        "at": at,
        "day": day,
        "zone": zone,
        "version": version,
        "figures": figures(day, at=at),
        "recent": recent_assignments(),
        "queue": unassigned_queue(),
    }
    return render_part(request, "dashboard/board.html", "dashboard/_board.html", context)


@require_safe
@require(Permission.STUDY_VIEW)
def why(request: GuardedRequest, assignment_id: int) -> HttpResponse:
    """Show why an assignment was made."""
    return _why_page(request, why_assigned(assignment_id))


@require_safe
@require(Permission.STUDY_VIEW)
def why_not(request: GuardedRequest, order_id: int) -> HttpResponse:
    """Show why an order has no reader; once it has one, that assignment instead."""
    found = why_unassigned(order_id)
    current = None if found else current_assignment_id(order_id)
    return _why_page(request, found) if current is None else redirect("why", current)


def _why_page(request: GuardedRequest, found: Why | None) -> HttpResponse:
    if found is None:
        raise Http404
    return render(request, "dashboard/why.html", {"why": found, "at": clock.now()})
