"""Somebody falls ill: who is it, who takes over, and what came of it."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.assignment.exceptions import ByHandError
from apps.assignment.forms_take_over import TakeOverForm
from apps.assignment.queries.take_over import Asked, Places
from apps.assignment.queries.take_over_page import page_of
from apps.assignment.queries.take_over_takers import people_to_choose
from apps.assignment.queries.taken_over import newest, taken_over
from apps.assignment.services import take_back as taking_back
from apps.assignment.services import take_over as service
from apps.audit.exceptions import UndoError
from apps.core import clock, request_id
from apps.core.access import Permission
from apps.core.actor import Actor
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import own_address, render_part
from apps.roster.models import Radiologist


@require_http_methods(["GET", "POST"])
@require(Permission.STUDY_ASSIGN)
def take_over(request: GuardedRequest) -> HttpResponse:
    """Ask who takes over from whom, show what would come of it, and do it."""
    places, ill = _places(request), request.GET.get("radiologist", "")
    if not ill:
        people = people_to_choose(places, at=clock.now())
        return render(request, "assignment/take_over_whom.html", {"people": people})
    form = _form(request)
    asked = form.asked(ill, timezone.get_current_timezone_name())
    if "confirm" in request.POST and form.is_valid():
        return _do(request, form, asked, places)
    return _show(request, form, asked, places)


@require_safe
@require(Permission.STUDY_ASSIGN)
def done(request: GuardedRequest, event_id: int) -> HttpResponse:
    """Show what was taken over, with what takes it back."""
    found = taken_over(event_id, _places(request))
    if found is None:
        raise Http404
    may = found.event.actor == _actor(request) and found.back is None
    context = {"found": found, "may_take_back": may, "at": clock.now()}
    return render(request, "assignment/take_over_done.html", context)


@require_POST
@require(Permission.STUDY_ASSIGN)
def take_back(request: GuardedRequest, event_id: int) -> HttpResponse:
    """Take a take-over back, as far as nothing has moved on."""
    if taken_over(event_id, _places(request)) is None:
        raise Http404
    try:
        back = taking_back.take_back(
            event_id, actor=_actor(request), access=request.access, at=clock.now()
        )
    except (ByHandError, UndoError) as error:
        messages.error(request, f"Not taken back. {error}")
        return redirect("take-over-done", event_id)
    messages.success(request, _said(back))
    return redirect("take-over-done", event_id)


# -- inside ------------------------------------------------------------------------------


def _do(request: GuardedRequest, form: TakeOverForm, asked: Asked, places: Places) -> HttpResponse:
    token = form.cleaned_data["token"]
    try:
        service.take_over(asked, places, token=token, actor=_actor(request))
    except Radiologist.DoesNotExist as error:
        raise Http404 from error
    except service.StaleTakeOverError as error:
        return _show(request, form, asked, places, problem=error, status=HTTPStatus.CONFLICT)
    except ByHandError as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _show(request, form, asked, places, problem=error, status=status)
    messages.success(request, "Taken over.")
    return redirect("take-over-done", newest(asked.ill, request_id.current()))


def _show(
    request: GuardedRequest,
    form: TakeOverForm,
    asked: Asked,
    places: Places,
    *,
    problem: ByHandError | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    try:
        page = page_of(asked, places, actor=_actor(request))
    except Radiologist.DoesNotExist as error:
        raise Http404 from error
    context = {
        "page": page,
        "form": form,
        "problem": problem,
        "at": clock.now(),
        "back": own_address(request.GET.get("back", ""), "/"),
    }
    template = "assignment/take_over.html"
    response = render_part(request, template, "assignment/_take_over.html", context)
    response.status_code = status
    return response


def _form(request: GuardedRequest) -> TakeOverForm:
    at = clock.now()
    sent = request.POST if request.method == "POST" else None
    return TakeOverForm(sent, at=at, today=timezone.localdate(at))


def _places(request: GuardedRequest) -> Places:
    """Return where both is allowed that a take-over does."""
    places = Places.of(request.access)
    if not places.roster:
        raise PermissionDenied
    return places


def _actor(request: GuardedRequest) -> str:
    return str(Actor.user(request.user))


def _said(back: taking_back.TakenBack) -> str:
    studies = "1 study is" if back.given_back == 1 else f"{back.given_back} studies are"
    kept = "; ".join(f"{number}: {why}" for number, why in back.kept)
    stay = f" These stay where they are: {kept}." if kept else ""
    return f"Taken back: {studies} with {back.person.full_name} again.{stay}"
