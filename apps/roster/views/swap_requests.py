"""Requests that turns be taken, as managers see them: the list, and what is done on behalf."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import Editing, Effect, edit_page, say_done
from apps.audit.queries.history import history
from apps.core import clock
from apps.core.access import Permission
from apps.core.actor import Actor
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.core.paging import page_number, page_of
from apps.roster.effects.roster import effects_of
from apps.roster.forms.swaps import AcceptForm, AskOnBehalfForm, RequestFilterForm
from apps.roster.models import SwapRequest
from apps.roster.queries import swaps as queries
from apps.roster.services import swaps as services
from apps.roster.views.back import back_to
from apps.roster.views.roster import prefilled


@require_safe
@require(Permission.ROSTER_VIEW)
def requests(request: GuardedRequest) -> HttpResponse:
    """List who asks that a turn of theirs be taken."""
    form, today = RequestFilterForm(request.GET), timezone.localdate(clock.now())
    found = queries.requests(form.wanted(), request.scope, today=today)
    page = page_of(found, page_number(request))
    may = request.access.scope(Permission.ROSTER_CHANGE)
    shown = queries.changed_requests(may).filter(pk__in=[row.pk for row in page.rows])
    context = {
        "filters": form,
        "page": page,
        "at": clock.now(),
        "changeable": set(shown.values_list("pk", flat=True)),
    }
    return render_part(request, "roster/swap_requests.html", "roster/_swap_requests.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Ask on behalf of somebody."""
    form = AskOnBehalfForm(
        request.POST or None,
        scope=request.scope,
        initial=prefilled(request),
        instance=SwapRequest(),
        by=_actor(request),
        at=clock.now(),
    )
    editing = _ASKING.showing(title="Ask for a swap")
    return edit_page(request, form, editing, back=back_to(request, "swap-requests"))


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def accept(request: GuardedRequest, request_id: int) -> HttpResponse:
    """Accept on behalf of whoever comes; the request's history stands below."""
    asked, at = _request(request, request_id), clock.now()
    subject = queries.subject_of(asked)
    form = AcceptForm(
        request.POST or None, instance=asked, scope=request.scope, by=_actor(request), at=at
    )
    editing = _ACCEPTING.showing(history=history(subject), at=at, asked=asked)
    back = back_to(request, "swap-requests")
    return edit_page(request, form, editing, back=back, subject=subject)


@require_POST
@require(Permission.ROSTER_CHANGE)
def decline(request: GuardedRequest, request_id: int) -> HttpResponse:
    """Decline on behalf of whoever is asked."""
    return _answered(request, request_id, services.decline, "declined")


@require_POST
@require(Permission.ROSTER_CHANGE)
def withdraw(request: GuardedRequest, request_id: int) -> HttpResponse:
    """Withdraw on behalf of whoever asked."""
    return _answered(request, request_id, services.withdraw, "withdrawn")


def _answered(
    request: GuardedRequest,
    request_id: int,
    service: Callable[..., SwapRequest],
    done: str,
) -> HttpResponse:
    asked = _request(request, request_id)
    try:
        service(asked.pk, by=_actor(request), at=clock.now())
    except services.SwapError as error:
        messages.error(request, str(error))
    else:
        say_done(request, f"Swap request for {asked.shift.code} {done}.")
    return redirect("swap-requests")


def _request(request: GuardedRequest, request_id: int) -> SwapRequest:
    return get_object_or_404(queries.changed_requests(request.scope), pk=request_id)


def _actor(request: GuardedRequest) -> str:
    return str(Actor.user(request.user))


def _effects(form: AcceptForm) -> Sequence[Effect]:
    return effects_of([], [form.swap()], at=form.at)


_ASKING = Editing("Swap request", template="roster/roster_edit.html")
_ACCEPTING = Editing("Swap request", template="roster/swap_accept.html", effects=_effects)
