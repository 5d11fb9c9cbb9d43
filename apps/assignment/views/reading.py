"""A reader's own list: acknowledge, start, done, hand back, take what waits, go on to the next.

Whoever's study it is not, is told no more than that. Two tabs, or a double click: one wins, the
other is answered 409 with the list as it is now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from apps.assignment.exceptions import (
    ByHandError,
    NotPossibleError,
    NotYoursError,
    StaleStudyError,
    UnknownStudyError,
)
from apps.assignment.forms_reading import (
    HandBackForm,
    NextForm,
    TokenForm,
    kept_query,
)
from apps.assignment.policies import (
    Action,
    can_hand_back,
    check_can_hand_back,
    check_is_reader,
)
from apps.assignment.queries.my_day import mark
from apps.assignment.queries.states import study_state
from apps.assignment.services import reading
from apps.assignment.study import StudyState
from apps.assignment.views.my_page import draw, for_reader, list_address, own_list
from apps.core import clock
from apps.core.actor import Actor
from apps.core.guard import GuardedRequest
from apps.core.htmx import unchanged, wants_part
from apps.roster.models import Radiologist
from apps.roster.presence_form import PresenceForm
from apps.roster.services.presence import note_activity, note_sign_of_life, set_presence

_SERVICES: Mapping[str, Callable[..., StudyState]] = {
    Action.ACKNOWLEDGE: reading.acknowledge,
    Action.START: reading.start,
    Action.DONE: reading.done,
    Action.REOPEN: reading.reopen,
}
_STATUSES: Mapping[type[ByHandError], HTTPStatus] = {
    UnknownStudyError: HTTPStatus.NOT_FOUND,
    NotYoursError: HTTPStatus.NOT_FOUND,
    StaleStudyError: HTTPStatus.CONFLICT,
}
_NO_LONGER = dict.fromkeys(_STATUSES, HTTPStatus.CONFLICT)
"""Of what the list itself named: whatever became of it, the list has changed."""
_ACTIVE = timedelta(minutes=1)


@never_cache
@require_safe
@for_reader
def my_list(request: GuardedRequest, reader: Radiologist) -> HttpResponse:
    """Show the reader's list; its poll gets 204 as long as nothing changed.

    Either is a sign of life, noted at most once a minute.
    """
    _note_sign_of_life(reader)
    seen = request.GET.get("seen", "")
    if seen and wants_part(request) and seen == mark(reader.pk, clock.now()):
        return unchanged()
    return draw(request, reader)


@never_cache
@require_POST
@for_reader
def act(request: GuardedRequest, reader: Radiologist, order_id: int, action: str) -> HttpResponse:
    """Acknowledge, start, report or reopen a study of the reader's own."""
    service, form = _SERVICES.get(action), TokenForm(request.POST)
    if service is None or not form.is_valid():
        raise Http404
    return _do(request, reader, service, order_id, form.cleaned_data["token"])


@never_cache
@require_POST
@for_reader
def take(request: GuardedRequest, reader: Radiologist, order_id: int) -> HttpResponse:
    """Take a study that waits for somebody on the reader's shifts."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        raise Http404
    token, scope = form.cleaned_data["token"], request.scope
    return _do(request, reader, partial(reading.take, scope=scope), order_id, token)


@never_cache
@require_POST
@for_reader
def go_on(request: GuardedRequest, reader: Radiologist) -> HttpResponse:
    """Start the study that the page showed as the next, which acknowledges it too; no other.

    One from a shared list is taken with it.
    """
    form = NextForm(request.POST)
    if form.is_valid():
        asked, take_next = form.cleaned_data, partial(reading.take_next, scope=request.scope)
        service = take_next if asked["shared"] else reading.start
        return _do(request, reader, service, asked["order"], asked["token"], statuses=_NO_LONGER)
    if own_list(request, reader).next:
        messages.error(request, "Your list has changed since you looked. This is how it is now.")
        return _answer(request, reader, status=HTTPStatus.CONFLICT)
    messages.info(request, "Nothing is left to start.")
    return _answer(request, reader)


@never_cache
@require_http_methods(["GET", "POST"])
@for_reader
def hand_back(request: GuardedRequest, reader: Radiologist, order_id: int) -> HttpResponse:
    """Ask why a study is handed back; on POST give it to who is next."""
    state = _own_state(reader, order_id)
    if request.method == "GET":
        form = HandBackForm(initial={"token": state.token})
        return _ask(request, state, form, problem=_refusal(state))
    form = HandBackForm(request.POST)
    if not form.is_valid():
        return _ask(request, state, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        after = _run(request, reader, reading.hand_back, order_id, **form.cleaned_data)
    except ByHandError as error:
        fresh = HandBackForm(request.POST.dict() | {"token": state.token})
        return _ask(request, state, fresh, problem=str(error), status=_status_of(error))
    return _handed_back(request, reader, after)


@require_POST
@for_reader
def presence(request: GuardedRequest, reader: Radiologist) -> HttpResponse:
    """Say whether the reader is there."""
    form = PresenceForm(request.POST)
    if not form.is_valid():
        raise Http404
    set_presence(radiologist_id=reader.pk, at=clock.now(), **form.said())
    return _answer(request, reader)


@require_POST
@for_reader
def activity(_request: GuardedRequest, reader: Radiologist) -> HttpResponse:
    """Note that somebody sits before the page, at most once a minute."""
    at, last = clock.now(), reader.workload.last_activity_at
    if last is None or at - last >= _ACTIVE:
        note_activity(radiologist_id=reader.pk, at=at)
    return unchanged()


# -- inside ------------------------------------------------------------------------------


def _note_sign_of_life(reader: Radiologist) -> None:
    at, last = clock.now(), reader.workload.heard_at
    if last is None or at - last >= _ACTIVE:
        note_sign_of_life(radiologist_id=reader.pk, at=at)
        reader.workload.refresh_from_db()


def _run(
    request: GuardedRequest,
    reader: Radiologist,
    service: Callable[..., StudyState],
    order_id: int,
    **said: object,
) -> StudyState:
    actor = str(Actor.user(request.user))
    return service(
        order_id=order_id, radiologist_id=reader.pk, at=clock.now(), actor=actor, **said
    )


def _do(
    request: GuardedRequest,
    reader: Radiologist,
    service: Callable[..., StudyState],
    order_id: int,
    token: str,
    *,
    statuses: Mapping[type[ByHandError], HTTPStatus] = _STATUSES,
) -> HttpResponse:
    """Act on a study, and answer with the list as it is afterwards."""
    try:
        _run(request, reader, service, order_id, token=token)
    except ByHandError as error:
        messages.error(request, str(error))
        return _answer(request, reader, status=_status_of(error, statuses))
    return _answer(request, reader, select=order_id)


def _answer(
    request: GuardedRequest,
    reader: Radiologist,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    select: int | None = None,
) -> HttpResponse:
    """Draw the list; without JavaScript lead back to it, unless something went wrong."""
    if status is HTTPStatus.OK and not wants_part(request):
        return redirect(list_address(request) + (f"#row-{select}" if select else ""))
    reader.workload.refresh_from_db()
    return draw(request, reader, status=status, select=select)


def _status_of(
    error: ByHandError, statuses: Mapping[type[ByHandError], HTTPStatus] = _STATUSES
) -> HTTPStatus:
    return statuses.get(type(error), HTTPStatus.UNPROCESSABLE_ENTITY)


def _own_state(reader: Radiologist, order_id: int) -> StudyState:
    """Return the reader's own study; whose it is not, to them it does not exist."""
    try:
        state = study_state(order_id)
        check_is_reader(state, reader.pk)
    except (UnknownStudyError, NotYoursError) as error:
        raise Http404 from error
    return state


def _refusal(state: StudyState) -> str:
    try:
        check_can_hand_back(state)
    except NotPossibleError as error:
        return str(error)
    return ""


def _ask(
    request: GuardedRequest,
    state: StudyState,
    form: HandBackForm,
    *,
    problem: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    template = "reading/_hand_back.html" if wants_part(request) else "reading/hand_back.html"
    context = {
        "state": state,
        "form": form,
        "problem": problem,
        "is_possible": can_hand_back(state),
        "back": list_address(request),
        "query": kept_query(request.GET),
    }
    return render(request, template, context, status=status)


def _handed_back(request: GuardedRequest, reader: Radiologist, after: StudyState) -> HttpResponse:
    """Say where it went; the list behind the dialog asks for its own part anew."""
    went = "is with the next reader" if after.radiologist_id else "waits for another reader"
    messages.success(request, f"{after.accession} {went}. It does not come back to you.")
    if not wants_part(request):
        return _answer(request, reader)
    part = render(request, "components/messages.html")
    return trigger_client_event(part, "study-changed", after="settle")
