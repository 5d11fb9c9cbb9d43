"""Pages of merged patients: whose names are shown once, after the trail has kept to whom.

A patient belongs to no site, so they are for who may see patients and messages at every site.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require_everywhere
from apps.core.htmx import render_part, wants_part
from apps.core.paging import page_number, page_of
from apps.intake.exceptions import MergeRefusedError, StaleMergeError
from apps.intake.queries import merges as queries
from apps.intake.services import merges as services
from apps.intake.services.opening import note_opening
from apps.orders.models import PatientMerge


@require_safe
@require_everywhere(Permission.PATIENT_VIEW)
@require_everywhere(Permission.MESSAGE_VIEW)
def merges(request: GuardedRequest) -> HttpResponse:
    """List the merges, newest first."""
    page = page_of(queries.merges(), page_number(request))
    context = {"page": page, "at": clock.now(), "here": "merges"}
    return render_part(request, "intake/merges.html", "intake/_merges.html", context)


@never_cache
@require_safe
@require_everywhere(Permission.PATIENT_VIEW)
@require_everywhere(Permission.MESSAGE_VIEW)
def merge(request: GuardedRequest, merge_id: int) -> HttpResponse:
    """Show a merge, its patients masked."""
    return _page(request, _found(merge_id))


@never_cache
@require_POST
@require_everywhere(Permission.PATIENT_VIEW)
@require_everywhere(Permission.MESSAGE_VIEW)
def open_merge(request: GuardedRequest, merge_id: int) -> HttpResponse:
    """Show a merge with the names of its patients, once."""
    found = _found(merge_id)
    note_opening(found, at=clock.now())
    return _page(request, found, is_open=True)


@never_cache
@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.PATIENT_VIEW)
@require_everywhere(Permission.MESSAGE_RUN)
def undo_merge(request: GuardedRequest, merge_id: int) -> HttpResponse:
    """Say what undoing a merge would do; on POST do it."""
    return _act(request, merge_id, services.undo, "The merge is undone.", is_undo=True)


@never_cache
@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.PATIENT_VIEW)
@require_everywhere(Permission.MESSAGE_RUN)
def merge_again(request: GuardedRequest, merge_id: int) -> HttpResponse:
    """Say what making an undone merge again would do; on POST do it."""
    return _act(request, merge_id, services.make_again, "The two are one again.", is_undo=False)


def _act(
    request: GuardedRequest,
    merge_id: int,
    service: Callable[..., PatientMerge],
    words: str,
    *,
    is_undo: bool,
) -> HttpResponse:
    found, is_stale = _found(merge_id), False
    if request.method == "POST":
        token = request.POST.get("token", "")
        try:
            done = service(merge_id=merge_id, token=token, at=clock.now())
        except (MergeRefusedError, StaleMergeError):
            found, is_stale = _found(merge_id), True
        else:
            messages.success(request, words)
            address = reverse("merge", args=[done.pk])
            return (
                HttpResponseClientRedirect(address) if wants_part(request) else redirect(address)
            )
    plan = queries.undoing(found) if is_undo else queries.repeating(found)
    context = {
        "merge": found,
        "plan": plan,
        "orders": queries.orders_in(plan),
        "is_undo": is_undo,
        "is_stale": is_stale,
        "is_page": not wants_part(request),
    }
    answer = render_part(request, "intake/merge_act.html", "intake/_merge_act.html", context)
    answer.status_code = HTTPStatus.CONFLICT if is_stale else HTTPStatus.OK
    return answer


def _page(request: GuardedRequest, found: PatientMerge, *, is_open: bool = False) -> HttpResponse:
    context = {
        "page": queries.merge_page(found),
        "merge": found,
        "is_open": is_open,
        "may_act": request.access.scope(Permission.MESSAGE_RUN).everywhere,
        "at": clock.now(),
    }
    return render(request, "intake/merge.html", context)


def _found(merge_id: int) -> PatientMerge:
    found = queries.merge_of(merge_id)
    if found is None:
        raise Http404
    return found
