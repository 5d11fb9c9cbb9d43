"""Giving several studies to one reader at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from apps.assignment.exceptions import ByHandError
from apps.assignment.forms import MoveForm
from apps.assignment.queries.acting import Acted
from apps.assignment.queries.moving import MOST, Plan, plan
from apps.assignment.services import by_hand
from apps.core import clock
from apps.core.access import Permission
from apps.core.actor import Actor
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import own_address, wants_part


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one study; ``refusal`` is empty where it moved."""

    study: Acted
    refusal: str


@require_http_methods(["GET", "POST"])
@require(Permission.STUDY_ASSIGN)
def reassign(request: GuardedRequest) -> HttpResponse:
    """Ask who shall have the chosen studies, show what would come of it, and do it."""
    form = MoveForm(request.POST if request.method == "POST" else request.GET)
    chosen = form.chosen()
    found = plan(chosen.order_ids, chosen.radiologist_id, scope=request.scope, at=clock.now())
    if found is None:
        raise Http404
    if request.method == "POST" and "apply" in request.POST and found.target is not None:
        return _answer(request, found, _apply(request, form, found))
    return _show(request, {"plan": found, "form": form})


def _apply(request: GuardedRequest, form: MoveForm, found: Plan) -> list[Result]:
    return [Result(move.study, _give(request, form, move.study)) for move in found.moves]


def _give(request: GuardedRequest, form: MoveForm, study: Acted) -> str:
    """Give one study to the chosen reader; return why it did not move."""
    chosen = form.chosen()
    try:
        by_hand.assign(
            order_id=study.order.pk,
            radiologist_id=chosen.radiologist_id,
            reason=chosen.reason,
            token=chosen.tokens.get(study.order.pk, ""),
            at=clock.now(),
            actor=str(Actor.user(request.user)),
            scope=request.scope,
        )
    except ByHandError as error:
        return str(error)
    return ""


def _answer(request: GuardedRequest, found: Plan, results: Sequence[Result]) -> HttpResponse:
    """Say what became of each study; with nothing refused the dialog has no more to say."""
    refused = [result for result in results if result.refusal]
    name = found.target.name if found.target else ""
    moved = f"{len(results) - len(refused)} of {len(results)} studies are with {name} now."
    if refused:
        context = {"plan": found, "results": results, "moved": moved}
        return _changed(_show(request, context, status=HTTPStatus.UNPROCESSABLE_ENTITY))
    messages.success(request, moved)
    if not wants_part(request):
        return redirect(_back(request))
    return _changed(render(request, "components/messages.html"))


def _changed(response: HttpResponse) -> HttpResponse:
    return trigger_client_event(response, "study-changed", after="settle")


def _show(
    request: GuardedRequest, context: dict[str, object], *, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    template = "assignment/_reassign.html" if wants_part(request) else "assignment/reassign.html"
    shown = {**context, "back": _back(request), "most": MOST}
    return render(request, template, shown, status=status)


def _back(request: GuardedRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next", "")
    return own_address(asked, reverse("assignments"))
