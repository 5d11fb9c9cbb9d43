"""A reader's swaps: what they are asked, what anybody may take, and what they asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import Editing, edit_page
from apps.core import clock
from apps.core.access import Permission
from apps.core.actor import Actor
from apps.core.guard import GuardedRequest, View, require
from apps.roster.choices import SwapState
from apps.roster.effects.swaps import taking_effects
from apps.roster.forms.swaps import AskForm, request_for
from apps.roster.models import Radiologist, SwapRequest
from apps.roster.queries import swaps as queries
from apps.roster.services import swaps as services
from apps.roster.views.back import back_to

P = ParamSpec("P")
ReadersView = Callable[Concatenate[GuardedRequest, Radiologist, P], HttpResponse]


def for_reader(view: ReadersView[P]) -> View[P]:
    """Hand the view the radiologist who signed in; who is none is told whom to ask."""

    @require(Permission.STUDY_READ)
    @wraps(view)
    def guarded(request: GuardedRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        reader = Radiologist.objects.filter(user=request.user.pk).first()
        if reader is None:
            status = HTTPStatus.OK if request.method == "GET" else HTTPStatus.FORBIDDEN
            return render(request, "reading/nobody.html", status=status)
        return view(request, reader, *args, **kwargs)

    return guarded


@require_safe
@for_reader
def swaps(request: GuardedRequest, reader: Radiologist) -> HttpResponse:
    """Show what the reader is asked, what they may take, and what they asked for."""
    return render(request, "roster/swaps.html", _shown(reader))


@require_safe
@for_reader
def turns(request: GuardedRequest, reader: Radiologist) -> HttpResponse:
    """Show the reader's turns of the next weeks; for each a swap can be asked."""
    context = {"runs": queries.own_turns(reader, at=clock.now())}
    return render(request, "roster/swap_turns.html", context)


@require_http_methods(["GET", "POST"])
@for_reader
def ask(request: GuardedRequest, reader: Radiologist, shift_id: int, on: date) -> HttpResponse:
    """Ask that a turn of the reader's be taken."""
    run, at = queries.own_run(reader, shift_id, on), clock.now()
    if run is None or run.end_at <= at:
        raise Http404
    form = AskForm(
        request.POST or None,
        instance=request_for(reader, run),
        people=queries.colleagues(reader),
        by=str(Actor.user(request.user)),
        at=at,
    )
    editing = _EDITING.showing(run=run, title=f"Swap: {run.shift.name}")
    answer = edit_page(request, form, editing, back=back_to(request, "swaps"))
    if answer.status_code == HTTPStatus.FOUND:
        _say_asked(request, run.shift.name)
    return answer


@require_http_methods(["GET", "POST"])
@for_reader
def take(request: GuardedRequest, reader: Radiologist, request_id: int) -> HttpResponse:
    """Show what taking a turn comes to, and take it."""
    asked, at = _put_to(reader, request_id), clock.now()
    if request.method == "POST":
        by = str(Actor.user(request.user))
        return _tried(
            request, reader, services.take, asked, _TAKEN, taker_id=reader.pk, by=by, at=at
        )
    reasons = queries.in_the_way(asked, reader, at=at)
    if asked.state != SwapState.OPEN:
        reasons = [f"comes too late: it is {asked.get_state_display().lower()}"]
    context = {
        "asked": asked,
        "runs": queries.runs_of(asked),
        "reasons": reasons,
        "effects": [] if reasons else taking_effects(asked, reader, at=at),
    }
    return render(request, "roster/swap_take.html", context)


@require_POST
@for_reader
def decline(request: GuardedRequest, reader: Radiologist, request_id: int) -> HttpResponse:
    """Say no to what the reader is asked by name."""
    asked = _put_to(reader, request_id)
    by = str(Actor.user(request.user))
    return _tried(request, reader, services.decline, asked, _DECLINED, by=by, at=clock.now())


@require_POST
@for_reader
def withdraw(request: GuardedRequest, reader: Radiologist, request_id: int) -> HttpResponse:
    """Take back what the reader asked for."""
    own = SwapRequest.objects.filter(radiologist=reader).select_related("shift")
    asked = get_object_or_404(own, pk=request_id)
    by = str(Actor.user(request.user))
    return _tried(request, reader, services.withdraw, asked, _WITHDRAWN, by=by, at=clock.now())


def _put_to(reader: Radiologist, request_id: int) -> SwapRequest:
    """Return a request that the reader is asked, or everybody; others are none of theirs."""
    found = SwapRequest.objects.select_related("shift__calendar", "radiologist", "asked")
    mine = found.filter(Q(asked=reader) | Q(asked=None)).exclude(radiologist=reader)
    return get_object_or_404(mine, pk=request_id)


def _tried(
    request: GuardedRequest,
    reader: Radiologist,
    service: Callable[..., SwapRequest],
    asked: SwapRequest,
    done: str,
    **said: Any,
) -> HttpResponse:
    """Do it and go back to the list; refused, the list says why as it is now."""
    try:
        service(asked.pk, **said)
    except services.SwapError as error:
        messages.error(request, str(error))
        return render(request, "roster/swaps.html", _shown(reader), status=HTTPStatus.CONFLICT)
    messages.success(request, done.format(shift=asked.shift.name))
    return redirect(reverse("swaps"))


def _say_asked(request: GuardedRequest, name: str) -> None:
    """Say it without the button that undoes: a reader withdraws instead."""
    list(messages.get_messages(request))
    messages.success(request, f"Asked. Until somebody takes {name}, it stays yours.")


def _shown(reader: Radiologist) -> dict[str, Any]:
    today = timezone.localdate(clock.now())
    return {
        "reader": reader,
        "open_to": queries.open_to(reader, today=today),
        "own": queries.own_requests(reader, today=today),
    }


_EDITING = Editing("Swap request", template="roster/swap_ask.html")
_TAKEN = "You take {shift}. It is yours from the next decision on."
_DECLINED = "Declined. Whoever asked for {shift} sees it."
_WITHDRAWN = "Withdrawn. {shift} stays yours."
