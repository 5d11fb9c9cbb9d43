"""What managers do to a study by hand: a dialog over the page, or without JavaScript a page.

Two people at once: one wins, the other is answered 409 with the study as it is now and may
decide again.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from apps.assignment.exceptions import ByHandError, StaleStudyError, UnknownStudyError
from apps.assignment.forms import HandForm
from apps.assignment.policies import Action
from apps.assignment.queries.acting import Acted, acted_study, consequences, urgency_options
from apps.assignment.queries.candidates import candidates
from apps.assignment.study import StudyState
from apps.assignment.views.deeds import DEEDS, Deed, deed_of, said_of
from apps.core import clock
from apps.core.access import Permission
from apps.core.actor import Actor
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import own_address, wants_part
from apps.roster.models import Radiologist

_STALE = "Somebody was quicker: the study has changed since you looked. This is how it is now."


@require_http_methods(["GET", "POST"])
@require(Permission.STUDY_ASSIGN)
def act(request: GuardedRequest, order_id: int, action: str) -> HttpResponse:
    """Show what an action by hand would do; on POST do it."""
    deed = deed_of(action)
    study = acted_study(order_id, scope=request.scope)
    if deed is None or study is None:
        raise Http404
    if request.method == "POST":
        return _do(request, deed, study)
    return _ask(request, deed, study)


def _do(request: GuardedRequest, deed: Deed, study: Acted) -> HttpResponse:
    form = deed.form(request.POST)
    if not form.is_valid():
        return _ask(request, deed, study, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        after = _run(request, deed, study, form)
    except UnknownStudyError as error:
        raise Http404 from error
    except StaleStudyError:
        return _ask_anew(request, deed, study, form)
    except ByHandError as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _ask(request, deed, study, form=form, problem=str(error), status=status)
    return _done(request, deed, after)


def _run(request: GuardedRequest, deed: Deed, study: Acted, form: HandForm) -> StudyState:
    return deed.service(
        order_id=study.order.pk,
        token=form.cleaned_data["token"],
        at=clock.now(),
        actor=str(Actor.user(request.user)),
        scope=request.scope,
        **form.values(),
    )


def _ask_anew(request: GuardedRequest, deed: Deed, seen: Acted, form: HandForm) -> HttpResponse:
    """Show the study as it is by now; what the person had typed is kept."""
    fresh = acted_study(seen.order.pk, scope=request.scope)
    if fresh is None:
        raise Http404
    return _ask(request, deed, fresh, form=form, problem=_STALE, status=HTTPStatus.CONFLICT)


def _ask(
    request: GuardedRequest,
    deed: Deed,
    study: Acted,
    *,
    form: HandForm | None = None,
    problem: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    refusal = study.refusal(deed.action)
    context = {
        "at": clock.now(),
        "deed": deed,
        "deeds": [DEEDS[action] for action in study.actions],
        "study": study,
        "form": form or deed.form(),
        "problem": problem,
        "refusal": refusal,
        "effects": [] if refusal else consequences(deed.action, study),
        "back": _back(request, study.order.pk),
        **({} if refusal else _choices(request, deed, study)),
    }
    template = "assignment/_act.html" if wants_part(request) else "assignment/act.html"
    return render(request, template, context, status=status)


def _choices(request: GuardedRequest, deed: Deed, study: Acted) -> Mapping[str, Any]:
    if deed.action is Action.ASSIGN:
        menu = candidates(study.order.pk, at=clock.now(), scope=request.scope)
        return {"menu": menu}
    if deed.action is Action.CHANGE_URGENCY:
        return {"urgencies": urgency_options(study.order)}
    return {}


def _done(request: GuardedRequest, deed: Deed, after: StudyState) -> HttpResponse:
    """Say what happened; the list or page behind the dialog asks for its own part anew."""
    reader = Radiologist.objects.filter(pk=after.radiologist_id).first()
    messages.success(request, said_of(deed.action, after, reader.full_name if reader else ""))
    if not wants_part(request):
        return redirect(_back(request, after.order_id))
    return trigger_client_event(
        render(request, "components/messages.html"), "study-changed", after="settle"
    )


def _back(request: GuardedRequest, order_id: int) -> str:
    """Return the page to go back to: the one that led here, if it is one of ours."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    return own_address(asked, reverse("study", args=[order_id]))
