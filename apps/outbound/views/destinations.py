"""The pages of destinations: how reaching them goes, and how they are set up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page, say_done
from apps.audit.queries.history import history
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part, unchanged
from apps.core.paging import Page, page_number, page_of
from apps.outbound import effects
from apps.outbound.forms import DestinationFilterForm, DestinationForm
from apps.outbound.models import Destination
from apps.outbound.queries import letters, pages
from apps.outbound.services.destinations import switch_destination
from apps.outbound.views.written import sample_of

_TOLD = "It was told of studies, and their history names it. Switched off, it is told nothing."


@require_safe
@require(Permission.DESTINATION_VIEW)
def destinations(request: GuardedRequest) -> HttpResponse:
    """List the destinations; a poll gets them only when something changed."""
    form, at = DestinationFilterForm(request.GET), clock.now()
    sort = pages.known_sort(request.GET.get("sort", ""))
    found = pages.destinations(request.scope, form.wanted(), sort=sort)
    page = page_of(found, page_number(request))
    rows = pages.rows_of(page.rows, request.scope)
    token = pages.token_of(rows, at)
    if request.GET.get("seen") == token:
        return unchanged()
    context = {
        "filters": form,
        "page": Page(rows, page.number, has_next=page.has_next),
        "sorted_by": sort,
        "token": token,
        "at": at,
        "may_add": request.access.may(Permission.DESTINATION_CHANGE),
    }
    return render_part(
        request, "outbound/destinations.html", "outbound/_destinations.html", context
    )


@require_safe
@require(Permission.DESTINATION_VIEW)
def destination(request: GuardedRequest, destination_id: int) -> HttpResponse:
    """Show how one destination is doing, what waits for it and what it did not take."""
    found = get_object_or_404(_in_full(request), pk=destination_id)
    context = _now(request, found)
    if request.GET.get("seen") == context["token"]:
        return unchanged()
    change = request.access.scope(Permission.DESTINATION_CHANGE)
    context |= {
        "history": history(pages.subject_of(found)),
        "may_change": change.changes([site.pk for site in found.sites.all()]),
        "serves": pages.rows_of([found], request.scope)[0].site_codes,
    }
    return render_part(request, "outbound/destination.html", "outbound/_link.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.DESTINATION_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Add a destination."""
    form = DestinationForm(request.POST or None, scope=request.scope, zone=_zone(request))
    return edit_page(request, form, _EDITING, back=reverse("destinations"))


@require_http_methods(["GET", "POST"])
@require(Permission.DESTINATION_CHANGE)
def edit(request: GuardedRequest, destination_id: int) -> HttpResponse:
    """Edit a destination."""
    found = _changed(request, destination_id)
    form = DestinationForm(
        request.POST or None, instance=found, scope=request.scope, zone=_zone(request)
    )
    back = reverse("destination", args=[destination_id])
    editing = _EDITING.showing(sample=sample_of(request, found))
    return edit_page(request, form, editing, back=back, subject=pages.subject_of(found))


@require_http_methods(["GET", "POST"])
@require(Permission.DESTINATION_CHANGE)
def delete(request: GuardedRequest, destination_id: int) -> HttpResponse:
    """Delete a destination that was never told of anything; others are switched off."""
    found = _changed(request, destination_id)
    return delete_page(
        request,
        found,
        noun="Destination",
        back=reverse("destination", args=[destination_id]),
        effects=effects.of_deletion(found),
        refused=_TOLD if letters.was_told(destination_id) else "",
        template="outbound/destination_delete.html",
    )


@require_POST
@require(Permission.DESTINATION_CHANGE)
def switch(request: GuardedRequest, destination_id: int) -> HttpResponse:
    """Switch a destination on or off."""
    found = _changed(request, destination_id)
    is_enabled = request.POST.get("to") == "on"
    switch_destination(found, is_enabled=is_enabled)
    say_done(request, f"Destination {found} switched {'on' if is_enabled else 'off'}.")
    return redirect("destination", destination_id)


def _now(request: GuardedRequest, found: Destination) -> dict[str, Any]:
    """Return what the live part of a destination's page shows."""
    at, run = clock.now(), request.access.scope(Permission.MESSAGE_RUN)
    row = pages.rows_of([found], request.scope)[0]
    queue = letters.queue_of(found.pk, request.scope)
    dead = page_of(letters.dead_letters(found.pk, request.scope), page_number(request))
    shown = [(one.pk, one.attempts, one.error, one.next_attempt_at) for one in queue]
    token = pages.token_of([row], at, shown, [one.pk for one in dead.rows], row.next_attempt_at)
    return {
        "row": row,
        "queue": queue,
        "page": dead,
        "run": run,
        "token": token,
        "at": at,
    }


def _in_full(request: GuardedRequest) -> Any:  # noqa: ANN401 -- a query of destinations
    return pages.seen(request.scope).select_related("link").prefetch_related("sites")


def _changed(request: GuardedRequest, destination_id: int) -> Destination:
    return get_object_or_404(pages.changeable(request.scope), pk=destination_id)


def _zone(request: GuardedRequest) -> str:
    viewer: Any = request.user
    zone: str = viewer.time_zone
    return zone


def _effects(form: DestinationForm) -> Sequence[Effect]:
    return effects.of_edit(form.instance, frozenset(form.changed_data))


_EDITING = Editing(noun="Destination", effects=_effects, template="outbound/destination_edit.html")
